"""Find the deployment that a command uses: the local cloud while it is up, else AWS."""

import os
from pathlib import Path

from daybreak.aws.region import HOW_TO_CHOOSE, chosen_region
from daybreak.aws.stack import Stack
from daybreak.cli.show import ERR
from daybreak.cloud import cdk, local
from daybreak.definitions.project import Project, load
from daybreak.errors import CloudError, InputError
from daybreak.ingest.rules import Rules


def deployment(cloud: str, stack: str) -> Stack:
    """The stack to use. Sets the environment that boto3 reads: local cloud, or region of AWS. Raises CloudError."""
    if cloud not in ("auto", "local", "aws"):
        raise InputError(f"--cloud: unknown cloud {cloud!r}; choose from local, aws, auto")
    here = local_cloud()
    if cloud == "local" and here is None:
        raise CloudError("the local cloud is not up; start it with `daybreak up`")
    if here is not None and cloud != "aws":
        os.environ.update(here.environment())
    else:
        region = chosen_region(os.environ)
        if region is None:
            not_local = "the local cloud is not up (`daybreak up` starts it), and " if cloud == "auto" else ""
            raise CloudError(f"{not_local}no AWS region is set: {HOW_TO_CHOOSE}")
        os.environ["AWS_DEFAULT_REGION"] = region
        ERR.print(f"[dim]using AWS, region {region}[/dim]")
    return Stack.find(stack)


def rules(target: Stack) -> Rules:
    """The rules in force: privacy from the daybreak.toml of the checkout, plan and suppressions from the stack."""
    return target.live_rules(definitions_here().privacy.cleaner(target.hash_salt)).current()


def definitions_here() -> Project:
    """The daybreak.toml of the checkout. Raises CloudError outside a checkout."""
    return load(cdk.project_folder(Path.cwd()) / "daybreak.toml")


def endpoint_urls(target: Stack) -> list[str]:
    """The URLs that clients send to, that for clients that gzip last: the local cloud's if `target` is in it."""
    here = local_cloud()
    if here is not None and os.environ.get("AWS_ENDPOINT_URL") == here.endpoint:
        return [here.url, here.gzip_url] if target.gzip_url else [here.url]
    return list(dict.fromkeys(filter(None, (target.collector_url, target.gzip_url))))


def local_cloud() -> local.LocalCloud | None:
    """The local cloud of this checkout; None if it is not up, and outside a checkout."""
    try:
        return local.running(cdk.project_folder(Path.cwd()))
    except CloudError:
        return None
