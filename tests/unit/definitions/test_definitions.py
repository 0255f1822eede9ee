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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('who = { did = "S" }', '[list.l] who: needs a bound in time: either `between = ["24h", "7d"]` or `in = "7d"`'),
        ('who = { did = "S", in = "2d" }\nnot = { did = "V" }', "[list.l] not: needs a bound in time"),
        ('who = { did = "S", between = ["7d", "24h"] }', "[list.l] who: `between` begins with the shorter time"),
        ('who = { did = "S", between = ["1d", "1d"] }', "[list.l] who: `between` begins with the shorter time"),
        ('who = { did = "S", bteween = ["1h", "2h"] }', "[list.l] who.bteween"),
        ('who = { in = "2d" }', "[list.l] who: needs either `did` or `was_active`"),
        ('who = { did = "S", in = "36h" }', "[list.l] who.in: must be whole days"),
        ('who = { was_active = 3, in = "2d" }', "[list.l] who: `in` has 2 days, so nobody was active on 3"),
        ('who = { was_active = 3, in = "16d" }\nnot = { did = "any", in = "14d" }', "[list.l] nobody can be on it"),
        ('who = { did = "S", in = "7d" }\nnot = { did = "any", in = "7d" }', "[list.l] nobody can be on it"),
        ('who = { was_active = 1, in = "2d" }\nnot = { did = "S", since = "start" }', "[list.l] `not.since = \"start\"` needs"),
        ('who = { did = "S", in = "2d" }\nholdout = 51', "[list.l] holdout"),
        ('who = { did = "S", in = "2d" }\nevry = "hour"', "[list.l] evry: is not a field here; did you mean 'every'?"),
        ('who = { did = "S", in = "2d" }\ntraits = ["user_id"]', "[list.l] `traits`: 'user_id' is the column of the id"),
        ('who = { did = "S", in = "2d" }\ntraits = ["a", "a"]', "[list.l] traits: names one twice"),
        ('who = { did = "S", in = "2d" }\ntraits = ["email"]\n[privacy]\ndrop = ["traits.email"]',
         "[list.l] traits: 'email' is dropped by [privacy], so no list can show it"),
        ('who = { did = "S", in = "2d" }\ntraits = ["email"]\n[privacy]\ndrop = ["context.traits.email"]',
         "[list.l] traits: 'email' is dropped by [privacy]"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_made_is_reported_in_one_line(text: str, expected: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(f"{PROJECT}{GOOD}[list.l]\n{text}")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ('who = { did = "S", between = ["24h", "7d"] }\nnot = { did = "V", since = "start" }\nholdout = 10',
         'People who did "S" at least 24 hours and at most 7 days ago, and did not do "V" since then. '
         "10 % of them are held out."),
        ('who = { did = "S", in = "1d" }\nnot = { did = "S", since = "start" }',
         'People who did "S" in the last 1 day, and did not do "S" again since then.'),
        ('actor = "account"\nwho = { was_active = 3, in = "28d" }\nnot = { did = "any", in = "14d" }',
         "Accounts who were active on at least 3 of the last 28 days, and did not do any event in the last 14 days."),
    ],
)  # fmt: skip
def test_a_list_says_in_words_who_is_on_it(text: str, meaning: str) -> None:
    assert parse(f"{PROJECT}{GOOD}[list.l]\n{text}").lists["l"].explain() == meaning


def test_lists_join_what_the_export_derives() -> None:
    """A list whose hours count needs each event; one whose days count does not."""
    bare = parse(PROJECT + GOOD)
    text = PROJECT + GOOD + '[list.l]\nwho = { did = "A", %s }\nnot = { did = "B", in = "2d" }\ntraits = ["role"]'
    exact, days = (parse(text % bound) for bound in ('between = ["1h", "2h"]', 'in = "7d"'))
    assert exact.selectors == days.selectors == {*bare.selectors, '["A"]', '["B"]'}
    assert exact.timed_selectors == {*bare.timed_selectors, '["A"]'}
    assert days.timed_selectors == bare.timed_selectors
    assert (bare.traits, days.traits) == ([], ["role"])
    assert len({bare.derived_version, exact.derived_version, days.derived_version}) == 3
    assert bare.version("activation", "a") == exact.version("activation", "a")


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
