"""The CDK app: `cdk synth` and `cdk deploy` run it as `python -m infra.app`.

Context: `-c local=true` deploys to the local cloud (bundles for this machine, keeps nothing when removed);
`-c stack=NAME` names the stack; `-c gateway=http` or `-c gateway=rest` deploys one gateway in place of both;
`-c alarm_email=you@example.com` subscribes to the alarms.
"""

import sys
from pathlib import Path

from daybreak.definitions.project import Project, load
from daybreak.errors import DefinitionError

ROOT = Path(__file__).resolve().parent.parent


def main(root: Path = ROOT) -> None:
    """Check daybreak.toml, then synthesise the stack. A bad definition prints one line and ends with exit code 1."""
    try:
        project = load(root / "daybreak.toml")
    except DefinitionError as error:
        sys.exit(str(error))
    synthesise(root, project)


def synthesise(root: Path, project: Project) -> None:
    # loading the CDK takes seconds: a mistake in daybreak.toml is reported before that
    from aws_cdk import App, Validations
    from cdk_nag import AwsSolutionsChecks

    from infra.deployment import GATEWAYS, Deployment
    from infra.stack import DaybreakStack

    app = App()
    gateway = app.node.try_get_context("gateway")
    if gateway not in (None, *GATEWAYS):
        sys.exit(f"-c gateway={gateway}: choose http or rest, or leave it out to deploy both")
    deployment = Deployment(
        root=root,
        project=project,
        local=app.node.try_get_context("local") in (True, "true"),
        gateways=GATEWAYS if gateway is None else (gateway,),
        alarm_email=app.node.try_get_context("alarm_email"),
    )
    DaybreakStack(app, app.node.try_get_context("stack") or "Daybreak", deployment=deployment)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


if __name__ == "__main__":
    main()
