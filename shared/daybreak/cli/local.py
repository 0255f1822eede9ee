"""up, down, status, demo: the whole of Daybreak on this machine."""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from daybreak.aws.stack import Stack
from daybreak.cli import show
from daybreak.cli.options import AsJson
from daybreak.cloud import cdk
from daybreak.cloud import local as local_cloud
from daybreak.definitions.project import load
from daybreak.errors import CloudError
from daybreak.example import demonstrate as example_product
from daybreak.example import purchases as demonstration

STACK = "Daybreak"
LOCAL_SOURCE = "local"
_DEPLOYED_FROM = ("infra", "functions", "shared", "daybreak.toml", "uv.lock", "cdk.json")

Port = Annotated[int, typer.Option(help="Where the local cloud listens, on loopback only")]


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(down)
    app.command()(status)
    app.command()(demo)


def up(port: Port = local_cloud.PORT, as_json: AsJson = False) -> None:
    """Start the local cloud, deploy the stack into it, and print its URL and a write key."""
    project = cdk.project_folder(Path.cwd())
    _show(_up(project, port, show.Stages()), as_json)


def down() -> None:
    """Stop the local cloud; events and tables stay in .daybreak/ for the next time."""
    stopped = local_cloud.stop(cdk.project_folder(Path.cwd()))
    show.OUT.print("The local cloud is stopped; its state is in .daybreak/." if stopped else "No local cloud was up.")


def status(as_json: AsJson = False) -> None:
    """Whether the local cloud is up, and where to send to."""
    project = cdk.project_folder(Path.cwd())
    cloud = local_cloud.running(project)
    if cloud is None:
        raise CloudError("the local cloud is not up; start it with `daybreak up`")
    _show(_described(project, cloud), as_json)


def demo(
    port: Port = local_cloud.PORT,
    example: Annotated[bool, typer.Option("--example", help="A made-up product instead, without any cloud")] = False,
    out: Annotated[Path, typer.Option(help="With --example: where its events, definitions and tables go")] = Path(
        "out"
    ),
) -> None:
    """69,659 real purchases through the public endpoint, the scheduled jobs, and the answers through Athena's API."""
    if example:
        example_product.demonstrate(out)
        return
    project = cdk.project_folder(Path.cwd())
    stages = show.Stages()
    described = _up(project, port, stages)
    sent_from = datetime.now(UTC)
    file = project / demonstration.PURCHASES
    with (
        stages.stage("sending purchases with segment-analytics-python"),
        Progress(console=show.ERR, transient=True) as bar,
    ):
        task = bar.add_task("purchases", total=sum(1 for _ in demonstration.purchases(file)))
        sent = demonstration.send(
            described["url"], described["write_key"], file, lambda done: bar.update(task, completed=done)
        )
    stack = Stack.find(STACK)
    demonstration.compute(stack, stages, sent_from, load(project / "daybreak.toml").measured)
    demonstration.answer(stack, stages)
    show.OUT.print()
    show.table(f"{sent:,} events sent; what each stage took", ["stage", "seconds"],
               [[name, f"{seconds:.1f}"] for name, seconds in stages.taken])  # fmt: skip
    show.OUT.print(f"\nThe local cloud is still up at {described['url']}", markup=False)
    show.OUT.print('Ask it yourself:  .venv/bin/daybreak query "select * from retention limit 5"')
    show.OUT.print("Stop it:          .venv/bin/daybreak down")


def _up(project: Path, port: int, stages: show.Stages) -> dict[str, str]:
    """Everything `up` does; deploys only where something that is deployed has changed."""
    load(project / "daybreak.toml")  # refuse bad definitions before anything is started
    with stages.stage("starting the local cloud"):
        cloud = local_cloud.start(project, port)
    os.environ.update(cloud.environment())
    deployed, digest = project / ".daybreak" / "deployed.json", _digest(project)
    known = json.loads(deployed.read_text()) if deployed.is_file() else {}
    if known.get("digest") != digest or not _stands():
        with stages.stage("deploying the stack with CDK"):
            local_cloud.deploy(project, cloud, lambda _: None)
        deployed.write_text(json.dumps({"digest": digest, "write_key": known.get("write_key")}))
    return _described(project, cloud)


def _described(project: Path, cloud: local_cloud.LocalCloud) -> dict[str, str]:
    """Where to send to and with which key; a key is made the first time."""
    os.environ.update(cloud.environment())
    stack = Stack.find(STACK)
    local_cloud.publish(stack.collector_url)
    file = project / ".daybreak" / "deployed.json"
    known = json.loads(file.read_text())
    keys = stack.write_keys()
    if not known.get("write_key") or keys.source_of(known["write_key"]) is None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        keys.revoke_all(LOCAL_SOURCE, now)  # it is lost with the file that held it
        known["write_key"] = keys.create(LOCAL_SOURCE, "server", now)
        file.write_text(json.dumps(known))
    return {"url": cloud.url, "write_key": known["write_key"], "endpoint": cloud.endpoint}


def _stands() -> bool:
    try:
        Stack.find(STACK)
    except CloudError:
        return False
    return True


def _digest(project: Path) -> str:
    """Of all files a deployment is made from."""
    digest = hashlib.sha256()
    for name in _DEPLOYED_FROM:
        path = project / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "node_modules" not in file.parts and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(project)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _show(described: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.as_json(described)
        return
    show.OUT.print(
        f"URL        {described['url']}\nwrite key  {described['write_key']}\nAWS API    {described['endpoint']}"
    )
