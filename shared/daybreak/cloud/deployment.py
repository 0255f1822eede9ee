"""The stack in the local cloud: deploy it if something has changed, and find its URLs and a write key."""

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from daybreak.aws.stack import Stack
from daybreak.cloud import local
from daybreak.cloud.local import LocalCloud
from daybreak.definitions.project import load
from daybreak.errors import CloudError

STACK = "Daybreak"
_SOURCE = "local"
_DEPLOYED_FROM = ("infra", "functions", "shared", "daybreak.toml", "uv.lock", "cdk.json")

Stage = Callable[[str], AbstractContextManager[None]]
"""A context in which the named stage of the work runs."""


@dataclass(frozen=True, slots=True)
class LocalDeployment:
    """The URLs and the write key to send events with, and the URL of the local cloud's AWS API.

    `gzip_url` is for clients that gzip as text or JSON, whose bodies an HTTP API would damage; None if no REST API is
    deployed.
    """

    url: str
    gzip_url: str | None
    write_key: str
    endpoint: str


def up(project: Path, port: int, stage: Stage) -> LocalDeployment:
    """Start the local cloud and deploy the stack into it, if something that is deployed has changed.

    Sets the environment that boto3 reads. Raises DefinitionError before anything is started.
    """
    load(project / "daybreak.toml")
    with stage("starting the local cloud"):
        cloud = local.start(project, port)
    os.environ.update(cloud.environment())
    file, digest = _file(project), _digest(project)
    known = json.loads(file.read_text()) if file.is_file() else {}
    if known.get("digest") != digest or not _is_deployed():
        with stage("deploying the stack with CDK"):
            local.deploy(project, cloud, lambda _: None)
        file.write_text(json.dumps({"digest": digest, "write_key": known.get("write_key")}))
    return describe(project, cloud)


def describe(project: Path, cloud: LocalCloud) -> LocalDeployment:
    """The URLs and a write key of the stack in a running local cloud. The first call creates the key.

    Sets the environment that boto3 reads. Raises CloudError if the stack is not deployed.
    """
    os.environ.update(cloud.environment())
    stack = Stack.find(STACK)
    local.publish(stack)
    file = _file(project)
    known = json.loads(file.read_text())
    keys = stack.write_keys()
    if not known.get("write_key") or keys.source_of(known["write_key"]) is None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        keys.revoke_all(_SOURCE, now)  # an older key was lost with the file that held it
        known["write_key"] = keys.create(_SOURCE, "server", now)
        file.write_text(json.dumps(known))
    gzip_url = cloud.gzip_url if stack.gzip_url else None
    return LocalDeployment(cloud.url, gzip_url, known["write_key"], cloud.endpoint)


def _file(project: Path) -> Path:
    return project / ".daybreak" / "deployed.json"


def _is_deployed() -> bool:
    try:
        Stack.find(STACK)
    except CloudError:
        return False
    return True


def _digest(project: Path) -> str:
    """A digest of all files that a deployment is made from."""
    digest = hashlib.sha256()
    for name in _DEPLOYED_FROM:
        path = project / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "node_modules" not in file.parts and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(project)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
