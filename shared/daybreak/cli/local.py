"""The commands that run the whole of Daybreak on this machine."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from daybreak.aws.gateway import GZIP_CLIENTS
from daybreak.aws.stack import Stack
from daybreak.cli import show, target
from daybreak.cli.compute import show_summaries
from daybreak.cli.options import AsJson, Cloud, StackName
from daybreak.cloud import cdk, deployment
from daybreak.cloud import local as local_cloud
from daybreak.definitions.page import PageLanguage
from daybreak.definitions.project import load
from daybreak.errors import InputError
from daybreak.example import purchases
from daybreak.example.decisions import AS_OF
from daybreak.example.demonstrate import demonstrate
from daybreak.lake import keys

PANEL = "Local"
Port = Annotated[int, typer.Option(help="The port of the local cloud, on loopback only")]


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    for command in (up, down, status, demo):
        app.command(rich_help_panel=PANEL)(command)


def up(port: Port = local_cloud.PORT, as_json: AsJson = False) -> None:
    """Start the local cloud, deploy the stack into it, and print its URLs and a write key."""
    _show(deployment.up(cdk.project_folder(Path.cwd()), port, show.Stages().stage), as_json)


def down() -> None:
    """Stop the local cloud. Its events and tables stay in .daybreak/ for the next start."""
    stopped = local_cloud.stop(cdk.project_folder(Path.cwd()))
    show.OUT.print("The local cloud is stopped; its state is in .daybreak/." if stopped else "No local cloud was up.")


def status(cloud: Cloud = "auto", stack: StackName = "Daybreak", as_json: AsJson = False) -> None:
    """Show the URLs, and a write key (local) or the policies for readers (AWS). Exit code 1 if nothing is deployed."""
    here = target.local_cloud()
    if here is not None and cloud != "aws":
        _show(deployment.describe(cdk.project_folder(Path.cwd()), here), as_json)
        return
    deployed = target.deployment(cloud, stack)
    if as_json:
        readers = [asdict(reader) for reader in deployed.readers]
        show.as_json({"url": deployed.collector_url, "gzip_url": deployed.gzip_url, "readers": readers})
    else:
        _show_urls(deployed.collector_url, deployed.gzip_url)
        for reader in deployed.readers:
            policy = f"reads {reader.reads:<8}{reader.policy}  (workgroup {reader.workgroup})"
            show.OUT.print(policy, markup=False, soft_wrap=True)


def demo(
    port: Port = local_cloud.PORT,
    example: Annotated[bool, typer.Option("--example", help="Compute a made-up product instead, without any cloud")] = (
        False
    ),
    out: Annotated[Path, typer.Option(help="With --example: the folder for its events, definitions and tables")] = Path(
        "out"
    ),
    language: Annotated[PageLanguage | None, typer.Option(help="With --example: the language of its page")] = None,
) -> None:
    """Send 69,659 real purchases, run the scheduled jobs, and show the answers from Athena."""
    if example:
        _demonstrate_example(out, language or "en")
    elif language:
        raise InputError(
            "--language goes with --example; the page of the purchases has the [page] language of daybreak.toml"
        )
    else:
        _demonstrate_purchases(port)


def _demonstrate_purchases(port: int) -> None:
    project = cdk.project_folder(Path.cwd())
    stages = show.Stages()
    local = deployment.up(project, port, stages.stage)
    sent_from = datetime.now(UTC)
    file = project / purchases.PURCHASES
    with (
        stages.stage("sending purchases with segment-analytics-python"),
        Progress(console=show.ERR, transient=True) as bar,
    ):
        task = bar.add_task("purchases", total=len(purchases.events(file)))
        sent = purchases.send(local.url, local.write_key, file, lambda done: bar.update(task, completed=done))
    stack = Stack.find(deployment.STACK)
    purchases.run_jobs(stack, sent_from, datetime.now(UTC), load(project / "daybreak.toml"), stages.stage)
    for question, found in purchases.ask(stack, stages.stage).items():
        show.OUT.print()
        show.table(question, found.columns, found.rows)
    show.OUT.print()
    show.table(f"{sent:,} events sent; the time each stage took", ["stage", "seconds"],
               [[name, f"{seconds:.1f}"] for name, seconds in stages.finished])  # fmt: skip
    show.OUT.print(f"\nThe local cloud is still up at {local.url}", markup=False)
    page = f"s3://{stack.lake_bucket}/{keys.page(purchases.LAST_DAY)}"
    show.OUT.print(f"The page:         {page}", markup=False, soft_wrap=True)
    show.OUT.print("Open it:          .venv/bin/daybreak dashboard")
    show.OUT.print('Ask it yourself:  .venv/bin/daybreak query "select * from retention limit 5"')
    show.OUT.print("Stop it:          .venv/bin/daybreak down")


def _demonstrate_example(out: Path, language: PageLanguage) -> None:
    with show.ERR.status("computing …") as status:
        done = demonstrate(out, lambda doing: status.update(f"{doing} …"), language)
    show_summaries(done.project, done.computed, out, rows=0)
    show.OUT.print()
    show.lines(done.computed.watched)
    show.lists(done.computed.lists)
    if done.differences:
        raise InputError(f"{len(done.differences)} numbers are not what was decided; the first: {done.differences[0]}")
    show.OUT.print(
        f"\n{done.people} people, {done.computed.counts.events:,} events, as of {AS_OF:%Y-%m-%d %H:%M} UTC: "
        f"all {done.rows:,} rows and {done.listed} lines of lists say what was decided before the events were made."
    )
    show.OUT.print(f"The page:     {done.computed.page}", soft_wrap=True)
    show.OUT.print(
        f"To play with: .venv/bin/daybreak compute {done.events_file} --definitions {done.definitions_file}",
        markup=False,
    )


def _show(local: deployment.LocalDeployment, as_json: bool) -> None:
    if as_json:
        show.as_json(asdict(local))
        return
    _show_urls(local.url, local.gzip_url)
    show.OUT.print(f"write key     {local.write_key}\nAWS API       {local.endpoint}")


def _show_urls(url: str, gzip_url: str | None) -> None:
    show.OUT.print(f"URL           {url}")
    if gzip_url:
        show.OUT.print(f"URL for gzip  {gzip_url}  ({GZIP_CLIENTS})", soft_wrap=True)
