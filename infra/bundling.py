"""The folder that becomes a Lambda: its handler, the modules that it imports, daybreak.toml and pinned dependencies.

`imported` reads the imports, so a bundle carries only what its function needs. The dependencies come from uv.lock, by
group. Any machine installs them for Amazon's machines in about a second; a local deploy installs them for this machine.
Docker is not needed.
"""

import ast
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

_AMAZON = ["--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.14"]


def bundle(root: Path, function: str, group: str, *, local: bool) -> Path:
    """The folder to deploy for `functions/<function>`, with the locked dependencies of a uv group."""
    folder = root / ".daybreak" / "bundle" / f"{function}-{'local' if local else 'aws'}"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_dependencies(root, group, local=local), folder)
    own = sorted((root / "functions" / function).glob("*.py"))
    for file in own:
        shutil.copy(file, folder)
    shared = root / "shared"
    for file in sorted(imported(shared, own)):
        target = folder / file.relative_to(shared)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    shutil.copy(root / "daybreak.toml", folder)
    return folder


def imported(shared: Path, modules: Iterable[Path]) -> set[Path]:
    """The files of the packages in `shared` that these modules import, directly or through each other.

    A package's files that its modules read come with them: SQL, and the page's style and script.
    """
    found: set[Path] = set()
    waiting = list(modules)
    while waiting:
        for name in _names(ast.parse(waiting.pop().read_text(encoding="utf-8"))):
            new = set(_files(shared, name)) - found
            found |= new
            waiting += new
    packages = {file.parent for file in found if file.name != "__init__.py"}
    return found.union(*map(_read_files, packages))


def _names(node: ast.AST) -> Iterator[str]:
    """Every name in the imports below a node that may be a module, except in imports for the type checker alone.

    If `import_module` gets a formatted text, each part that is only known when it runs is a `*`.
    """
    below = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        below = iter(node.orelse)
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
        text = node.args[0]
        pieces = text.values if isinstance(text, ast.JoinedStr) else [text]
        yield "".join(str(piece.value) if isinstance(piece, ast.Constant) else "*" for piece in pieces)
    for child in below:
        yield from _names(child)


def _files(shared: Path, name: str) -> Iterator[Path]:
    """The modules of that name, with the `__init__.py` of every package above them; none for other packages' names."""
    path = name.replace(".", "/")
    for file in (*shared.glob(f"{path}.py"), *shared.glob(f"{path}/__init__.py")):
        yield file
        yield from (above / "__init__.py" for above in file.parents if (above / "__init__.py").is_file())


def _read_files(package: Path) -> Iterator[Path]:
    """The files that a package reads: beside its modules, and its `.sql` in a folder of it that holds no modules."""
    yield from (file for file in package.iterdir() if file.suffix in (".sql", ".css", ".js"))
    yield from (file for file in package.glob("*/*.sql") if not any(file.parent.glob("*.py")))


def _dependencies(root: Path, group: str, *, local: bool) -> Path:
    """The group's dependencies, installed once for each state of the lock file."""
    requirements = _uv(root, "export", "--frozen", "--only-group", group, "--no-emit-project", "--no-hashes", "--quiet")
    target = [] if local else _AMAZON
    digest = hashlib.sha256(" ".join([requirements, sys.version, *target]).encode()).hexdigest()[:16]
    folder = root / ".daybreak" / "dependencies" / digest
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:  # a killed run leaves nothing half done
            listed, installed = Path(work, "requirements.txt"), Path(work, "installed")
            listed.write_text(requirements)
            _uv(root, "pip", "install", "--quiet", "--python", sys.executable, "--target", str(installed), *target,
                "--only-binary", ":all:", "--requirement", str(listed))  # fmt: skip
            installed.rename(folder)
    return folder


def _uv(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "uv", "--color", "never", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"uv {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout
