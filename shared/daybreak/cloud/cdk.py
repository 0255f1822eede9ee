"""The `cdk` command at the project's own version, on the project's own Node; both come with `make setup`."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path

from daybreak.aws.region import HOW_TO_CHOOSE, chosen_region
from daybreak.errors import CloudError

_IN_AN_ACCOUNT = {"deploy", "bootstrap", "destroy", "diff", "import", "rollback", "watch"}
"""Commands of the CDK that work in a region of an account. The others only read this checkout."""


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


def region_for(arguments: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """The region in which `cdk ARGUMENTS` works; None if the command needs none.

    Raises CloudError if it needs one and nobody chose one: the CDK itself would silently take us-east-1.
    """
    found = chosen_region(environment, _profile(arguments))
    names_one = any(argument.startswith("aws://") for argument in arguments)  # bootstrap aws://ACCOUNT/REGION
    asks_for_help = {"--help", "-h"} & set(arguments)
    if found is None and _IN_AN_ACCOUNT & set(arguments) and not (names_one or asks_for_help):
        raise CloudError(f"no AWS region is set: {HOW_TO_CHOOSE}")
    return found


def main() -> None:
    """Run `cdk …`: all arguments are passed on, with the region that was chosen. Without one, nothing is deployed."""
    try:
        project = project_folder(Path.cwd())
        arguments = command(project, *sys.argv[1:])
        region = region_for(sys.argv[1:], os.environ)
    except CloudError as error:
        sys.exit(str(error))
    chosen = {"AWS_REGION": region} if region else {}
    sys.exit(subprocess.run(arguments, cwd=project, env=environment({**os.environ, **chosen}), check=False).returncode)


def _profile(arguments: Sequence[str]) -> str | None:
    """The profile that is typed as an option of the CDK."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--profile")
    found: str | None = parser.parse_known_args(arguments)[0].profile
    return found


def _node() -> str:
    beside = Path(sys.executable).parent / "node"
    return str(beside) if beside.exists() else "node"
