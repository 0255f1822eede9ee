"""The `cdk` command at the project's own version, on the project's own Node; both come with `make setup`."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from daybreak.errors import CloudError


def project_folder(start: Path) -> Path:
    """The checkout that contains `start`: the nearest folder upwards with a cdk.json. Raises CloudError."""
    for folder in (start, *start.parents):
        if (folder / "cdk.json").is_file() and (folder / "daybreak.toml").is_file():
            return folder
    raise CloudError(f"{start}: not inside a Daybreak checkout (no cdk.json with daybreak.toml here or above)")


def command(project: Path, *arguments: str) -> list[str]:
    """The command line that runs the CDK."""
    cli = project / "infra" / "node_modules" / "aws-cdk" / "bin" / "cdk"
    if not cli.is_file():
        raise CloudError("the CDK command line is not installed; run `make setup`")
    return [_node(), str(cli), *arguments]


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """`base` with this environment's Python and Node first on the path, and without the CDK's notices and telemetry."""
    return {
        **base,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), base.get("PATH", "")]),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }


def main() -> None:
    """Run `cdk …`: all arguments are passed on."""
    try:
        project = project_folder(Path.cwd())
        arguments = command(project, *sys.argv[1:])
    except CloudError as error:
        sys.exit(str(error))
    sys.exit(subprocess.run(arguments, cwd=project, env=environment(os.environ), check=False).returncode)


def _node() -> str:
    beside = Path(sys.executable).parent / "node"
    return str(beside) if beside.exists() else "node"
