"""Daybreak as a new user finds it: a copy without anything installed, every documented command, every event sent twice.

`make laws` runs this. The tests below share a local cloud; they run in order and build on each other.
"""

from collections.abc import Iterator

import pytest

from daybreak.cloud import local
from support.demo import EVERY_FAMILY, check_demo, check_numbers, run_commands
from support.pages import commands
from support.sandbox import Sandbox, copied

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with copied(tmp_path_factory.mktemp("checkout")) as made:
        yield made


def test_make_demo_installs_everything_and_gives_the_published_numbers(sandbox: Sandbox) -> None:
    check_demo(sandbox.run(f"make demo PORT={sandbox.port}"))
    check_numbers(sandbox)


def test_the_whole_replay_sent_again_moves_no_number(sandbox: Sandbox) -> None:
    before = [sandbox.query(sql) for sql in EVERY_FAMILY]
    sandbox.run(f"make demo PORT={sandbox.port}")
    assert [sandbox.query(sql) for sql in EVERY_FAMILY] == before
    check_numbers(sandbox)


def test_the_local_cloud_goes_on_where_it_was_stopped(sandbox: Sandbox) -> None:
    known = sandbox.status
    sandbox.run(".venv/bin/daybreak down")
    assert local.running(sandbox.folder) is None
    sandbox.run(f".venv/bin/daybreak up --port {sandbox.port}")
    del sandbox.status
    assert sandbox.status == known
    check_numbers(sandbox)


def test_every_command_of_the_readme_and_the_docs_works(sandbox: Sandbox) -> None:
    """In the order of the pages, on the local cloud. `cdk` comes last: it deploys into the local cloud in place of AWS."""
    tested_otherwise = {"make demo", "make test", "make conformance"}  # the first by a test above, the others by CI
    documented = [command for command in commands() if command not in tested_otherwise]
    deploying = [command for command in documented if "/cdk " in command]
    assert (len(documented) > 10, len(deploying)) == (True, 2)
    run_commands(sandbox, [command for command in documented if command not in deploying])
    cloud = local.running(sandbox.folder)
    assert cloud
    for command in deploying:
        sandbox.run(command, **cloud.environment())
