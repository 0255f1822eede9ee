"""The CDK app: `cdk synth` and `cdk deploy` run it as `python -m infra.app`.

Context: `-c local=true` deploys to the local cloud (bundles for this machine, keeps nothing when removed);
`-c stack=NAME` names the stack; `-c gateway=http` or `-c gateway=rest` deploys one gateway in place of both;
`-c alarm_email=you@example.com` subscribes to the alarms, `-c send_email=you@example.com` to every [send.x] to SNS.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from daybreak.aws.region import HOW_TO_CHOOSE, chosen_region
from daybreak.definitions.project import Project, load
from daybreak.errors import CloudError, DefinitionError

ROOT = Path(__file__).resolve().parent.parent


_REGION_OF_LAST_RESORT = "us-east-1"
"""Where the CDK deploys if nobody chose a region."""


def main(root: Path = ROOT) -> None:
    """Check daybreak.toml and the region, then synthesise the stack. A mistake prints one line, with exit code 1.

    If there is an account to deploy to, print it and the region.
    """
    try:
        project = load(root / "daybreak.toml")
        place = deployed_to(os.environ)
    except (DefinitionError, CloudError) as error:
        sys.exit(str(error))
    if place:
        print(place, file=sys.stderr)
    synthesise(root, project)


def deployed_to(environment: Mapping[str, str]) -> str | None:
    """The account and region that the CDK has found, in words; None without credentials, when nothing can be deployed.

    Raises CloudError if the region is the CDK's last resort and not somebody's choice. `.venv/bin/cdk` refuses that
    before it starts; this is for the CDK from elsewhere.
    """
    account, region = environment.get("CDK_DEFAULT_ACCOUNT"), environment.get("CDK_DEFAULT_REGION")
    if not account:
        return None
    if region in (None, "", _REGION_OF_LAST_RESORT) and chosen_region(environment) is None:
        raise CloudError(f"no AWS region is set, and the CDK would take {_REGION_OF_LAST_RESORT}: {HOW_TO_CHOOSE}")
    return f"account {account}, region {region}"


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
        send_email=app.node.try_get_context("send_email"),
    )
    DaybreakStack(app, app.node.try_get_context("stack") or "Daybreak", deployment=deployment)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


if __name__ == "__main__":
    main()
