"""Which deployment a command speaks to: the local cloud while it is up, else AWS."""

import os
from pathlib import Path

from daybreak.aws.stack import Stack
from daybreak.cli.show import ERR
from daybreak.cloud import cdk, local
from daybreak.errors import CloudError


def deployment(cloud: str, stack: str) -> Stack:
    """The stack to speak to; sets the environment boto3 reads where that is the local cloud."""
    here = _local()
    if cloud == "local" and here is None:
        raise CloudError("the local cloud is not up; start it with `daybreak up`")
    if here is not None and cloud != "aws":
        os.environ.update(here.environment())
    else:
        ERR.print("[dim]speaking to AWS[/dim]")
    return Stack.find(stack)


def _local() -> local.LocalCloud | None:
    try:
        return local.running(cdk.project_folder(Path.cwd()))
    except CloudError:
        return None
