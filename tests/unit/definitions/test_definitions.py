"""daybreak.toml: each fault is one line that names file, table and field, and what was probably meant."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from daybreak.definitions.project import load, parse
from daybreak.errors import DefinitionError
from daybreak.families.selectors import event_selector

RETENTION = '[retention.r]\ndescription="d"\nstart="S"\nreturn="S"\n'
FUNNEL = '[completion.c]\ndescription="d"\nwindow="1d"\nsteps=["A", "B", "C"]\n'
EXPERIMENT = '[experiment.e]\ndescription="d"\nexposure="X"\nvariants=["a", "b"]\ngoal="activation.a"\nplanned=1\n'
PROJECT = '[project]\ntimezone = "UTC"\n'
GOOD = '[activation.a]\ndescription = "d"\nstart = "S"\nmilestone = "V"\nwindow = "7d"\n'


def test_the_projects_own_file_is_good() -> None:
    assert load(ROOT / "daybreak.toml").of("retention")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x =", "daybreak.toml: not TOML"),
        ("", "[project] timezone: Field required"),
        (PROJECT, "measures nothing"),
        (PROJECT + "[activaton.a]", "activaton: is not a table here; did you mean 'activation'?"),
        (PROJECT + GOOD.replace("milestone", "milstone"), "[activation.a] milstone: is not a field here; did you mean 'milestone'?"),
        (PROJECT + GOOD.replace('"7d"', '"7"'), '[activation.a] window: must be a length of time such as "24h"'),
        (PROJECT + GOOD.replace('"7d"', '"0d"'), "[activation.a] window: must be a length of time"),
        (PROJECT + GOOD.replace('"S"', "7"), "[activation.a] start.event: must be an event name"),
        (PROJECT + GOOD.replace('"S"', "[]"), "[activation.a] start"),
        (PROJECT + GOOD.replace("[activation.a]", '[activation."A b"]'), "[activation.A b] a name is small letters"),
        (PROJECT + GOOD + 'segments = ["plna"]\n[segments.plan]\ntrait = "plan"', "'plna' is not defined; did you mean 'plan'?"),
        (PROJECT + GOOD + '[segments.plan]\n', "[segments.plan] needs either `trait` or `property`"),
        (PROJECT.replace("UTC", "Mars/Olympus") + GOOD, "[project] timezone: 'Mars/Olympus' is not a time zone"),
        (PROJECT + 'week_start = "friday"\n' + GOOD, "[project] week_start: Input should be 'monday' or 'sunday'"),
        (PROJECT + GOOD.replace('"S"', '{ event = "S", where = [{ property = "p", op = "~", value = 1 }] }'), "[activation.a] start"),
        (PROJECT + GOOD.replace('"S"', '{ event = "S", where = [{ property = "p", op = ">", value = "x" }] }'), "`>` needs a number"),
        (PROJECT + '[adoption.a]\ndescription="d"\nfeature="F"\nwindow="36h"', "[adoption.a] window: must be whole days"),
        (PROJECT + '[completion.a]\ndescription="d"\nsteps=["A"]\nwindow="1d"', "[completion.a] steps"),
        (PROJECT + GOOD + 'segments = ["p", "p"]\n[segments.p]\ntrait = "plan"', "[activation.a] segments: names one twice"),
        (PROJECT + GOOD.replace('"S"', '{ event = "S", where = [{ property = "p", op = ">", value = inf }] }'), "must be finite"),
        (PROJECT + GOOD.replace('"S"', '{ event = "S", where = [{ property = "*", op = "exists" }] }'), "`*` is not the name of a property"),
        (PROJECT + GOOD + "at_least = 99999999999999999999", "[activation.a] at_least"),
        (PROJECT + GOOD.replace('"7d"', '"99999w"'), "[activation.a] window: may be at most 3660 days"),
        (PROJECT + RETENTION + 'period="day"', "[retention.r] needs one of `periods`, `window` and `brackets`"),
        (PROJECT + RETENTION + 'period="week"\nwindow="3d"', "`window` must be a whole number of weeks, at least one"),
        (PROJECT + RETENTION + 'period="month"\nperiods=2\nclock="24h"', "a month has no exact length"),
        (PROJECT + RETENTION + 'period="day"\nperiods=2\nclock="24h"\ncohorts="recurring"', "counts from the first start"),
        (PROJECT + FUNNEL + 'exclusions=["B"]', '"B" is a step and an exclusion between the same steps'),
        (PROJECT + FUNNEL + 'exclusions=[{event="X", after=3, before=2}]', "after one step and before a later one, of 3"),
        (PROJECT + FUNNEL.replace('"A"', '{event="A", optional=true}'), "the first step is the entry, so it cannot be optional"),
        (PROJECT + FUNNEL.replace('"B"', '{event="B", optional=true}') + 'order="any"', 'optional steps go with order = "ordered"'),
        (PROJECT + FUNNEL.replace('"B"', '"A"') + 'order="strict_allow_repeats"', "a step cannot follow itself"),
        (PROJECT + '[time_to_value.t]\ndescription="d"\nstart="S"\nvalue="V"\nwindow="1d"\nnever_after="2d"', "lengthen `window`"),
        (PROJECT + '[active_days.a]\ndescription="d"\nwindow="3d"\nbucket="7d"', "`window` must be a whole number of buckets"),
        (PROJECT + GOOD.replace("milestone", "milestones").replace('"V"', '["A", "B"]') + 'milestone="C"', "either `milestone` or"),
        (PROJECT + GOOD + EXPERIMENT.replace("activation.a", "activation.b"), "'activation.b' is not defined; did you mean 'activation.a'?"),
        (PROJECT + GOOD + EXPERIMENT.replace("activation.a", "adoption.a"), "[experiment.e] goal: must name a definition that can be a goal"),
        (PROJECT + FUNNEL + 'order="strict"\n' + EXPERIMENT.replace("activation.a", "completion.c"), 'could never reach it'),
        (PROJECT + FUNNEL + 'exclusions=["X"]\n' + EXPERIMENT.replace("activation.a", "completion.c"), 'give it entry = "any"'),
        (PROJECT + GOOD + EXPERIMENT + 'actor="account"', "counts people, this experiment accounts"),
        (PROJECT + GOOD + EXPERIMENT + 'shares=[1]', "`shares` needs one number for each"),
        (PROJECT + GOOD + EXPERIMENT + 'goal_definition=1', "goal_definition: is not a field here"),
        (PROJECT + '[churn.c]\ndescription="d"\nperiod="day"\nsegments=["s"]\n[segments.s]\nproperty="p"', "use a trait"),
        ("activation = 1\n" + PROJECT, "[activation] must be tables"),
    ],
)  # fmt: skip
def test_a_fault_is_reported_in_one_line(text: str, expected: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        parse(text)
    assert str(raised.value).startswith("daybreak.toml: ")
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)


def test_equal_selectors_have_equal_keys() -> None:
    keys = {parse(PROJECT + GOOD.replace('"S"', s)).of("activation")["a"].roles()["entry"][0]
            for s in ('["B", "A"]', '["A", "B", "A"]', '{ event = ["A", "B"] }')}  # fmt: skip
    assert keys == {'["A", "B"]'}
    assert event_selector("any").event == ()


def test_the_version_follows_what_counts_and_nothing_else() -> None:
    base = parse(PROJECT + GOOD)
    described = parse(PROJECT + GOOD.replace('description = "d"', 'description = "other"'))
    longer = parse(PROJECT + GOOD.replace("7d", "8d"))
    elsewhere = parse(PROJECT.replace("UTC", "Asia/Tokyo") + GOOD)
    version = base.version("activation", "a")
    assert version == described.version("activation", "a")
    assert len({version, longer.version("activation", "a"), elsewhere.version("activation", "a")}) == 3
    assert base.derived_version == longer.derived_version != elsewhere.derived_version


def test_a_bad_file_is_refused_by_compute_and_at_synth(tmp_path: Path) -> None:
    """Both print the same line, and neither does anything else."""
    bad = PROJECT + GOOD.replace("milestone", "milstone")
    (tmp_path / "daybreak.toml").write_text(bad)
    (tmp_path / "events.jsonl").write_text(json.dumps({"type": "track"}))
    line = "daybreak.toml: [activation.a] milstone: is not a field here; did you mean 'milestone'?"
    daybreak = Path(sys.executable).with_name("daybreak")
    done = subprocess.run(
        [str(daybreak), "compute", "events.jsonl"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert line in " ".join(done.stderr.split())
    at_synth = f"from pathlib import Path; from infra.app import main; main(Path({str(tmp_path)!r}))"
    done = subprocess.run([sys.executable, "-c", at_synth], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert line in done.stderr
