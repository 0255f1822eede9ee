"""The AWS region that somebody chose, found alike for the CDK, which deploys, and for boto3, which `daybreak` uses.

Left to themselves they differ: the CDK takes AWS_REGION first and us-east-1 if nothing is set; boto3 knows only
AWS_DEFAULT_REGION and fails if nothing is set.
"""

from collections.abc import Mapping

from botocore.session import Session

HOW_TO_CHOOSE = "choose one, such as `export AWS_REGION=eu-central-1`, or give your AWS profile a region"


def chosen_region(environment: Mapping[str, str], profile: str | None = None) -> str | None:
    """The region of the environment, else that of the profile, in the CDK's order; None if nobody chose one.

    `profile` names a profile that was typed as an option. Without it, AWS_PROFILE names it.
    """
    if named := environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION"):
        return named
    profiles = Session().full_config["profiles"]
    own = profile or environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE") or "default"
    found: str | None = profiles.get(own, {}).get("region") or profiles.get("default", {}).get("region")
    return found
