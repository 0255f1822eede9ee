"""What a Lambda carries: its handler, the `daybreak` package, daybreak.toml and pinned dependencies. No Docker.

Dependencies come from uv.lock by group and are installed for Amazon's machines from any machine in about a second;
a local deploy installs them for this one.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

_NOT_IN_A_LAMBDA = ("cli", "cloud", "__pycache__")
_AMAZON = ["--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.14"]


def bundle(root: Path, function: str, group: str, *, local: bool) -> Path:
    """The folder to deploy for `functions/<function>`, with the locked dependencies of a uv group."""
    folder = root / ".daybreak" / "bundle" / f"{function}-{'local' if local else 'aws'}"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_dependencies(root, group, local=local), folder)
    ignore = shutil.ignore_patterns(*_NOT_IN_A_LAMBDA)
    shutil.copytree(root / "shared" / "daybreak", folder / "daybreak", ignore=ignore)
    shutil.copytree(root / "functions" / function, folder, ignore=ignore, dirs_exist_ok=True)
    shutil.copy(root / "daybreak.toml", folder)
    return folder


def _dependencies(root: Path, group: str, *, local: bool) -> Path:
    """The group's dependencies, installed once for each state of the lock file."""
    requirements = _uv(root, "export", "--frozen", "--only-group", group, "--no-emit-project", "--no-hashes", "--quiet")
    target = [] if local else _AMAZON
    digest = hashlib.sha256(" ".join([requirements, sys.version, *target]).encode()).hexdigest()[:16]
    folder = root / ".daybreak" / "dependencies" / digest
    if not folder.exists():
        listed = root / ".daybreak" / "dependencies" / f"{digest}.txt"
        listed.parent.mkdir(parents=True, exist_ok=True)
        listed.write_text(requirements)
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        _uv(root, "pip", "install", "--quiet", "--python", sys.executable, "--target", str(partial), *target,
            "--only-binary", ":all:", "--requirement", str(listed))  # fmt: skip
        partial.rename(folder)
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
