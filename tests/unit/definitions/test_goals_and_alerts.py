"""[goal.x] and [alert.x]: each fault is one line that names table and field, whatever the definition is about."""

from datetime import date

import pytest

from daybreak.definitions.project import Project, parse
from daybreak.errors import DefinitionError

DEFINITIONS = """
[project]
timezone = "UTC"
[segments.role]
trait = "role"
[activation.first]
description = "d"
start = "S"
milestone = "V"
window = "1d"
segments = ["role"]
[retention.days]
description = "d"
start = "S"
return = "V"
period = "day"
periods = 7
[retention.months]
description = "d"
start = "S"
return = "V"
period = "month"
periods = 2
[completion.steps]
description = "d"
steps = ["A", "B", "C"]
window = "36h"
[survey.effort]
description = "d"
answer = "X"
scale = "ces"
[churn.weekly]
description = "d"
period = "week"
[active_days.fortnight]
description = "d"
window = "14d"
[experiment.tour]
description = "d"
exposure = "X"
variants = ["tour", "list"]
goal = "activation.first"
planned = 5
[active_people.anybody]
description = "d"
"""
GOAL = '[goal.g]\ndescription = "d"\nmetric = "%s"\nfrom = 2026-11-01\nby = 2027-01-01\ntarget = 0.4\n'
FIRST = GOAL % "activation.first"
FALLS = '[alert.a]\nmetric = "%s"\nwhen = "falls"\n'
BELOW, ABOVE = FALLS.replace("falls", "below"), FALLS.replace("falls", "above")
STOPS = '[alert.a]\nevent = "S"\nwhen = "stops"\n'


def read(text: str) -> Project:
    return parse(DEFINITIONS + text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOAL % "activation.frst", "[goal.g] metric: 'activation.frst' is not defined; did you mean 'activation.first'?"),
        (GOAL % "activation", "[goal.g] metric: 'activation' is not defined"),
        (FIRST.replace("target", "targt"), "[goal.g] targt: is not a field here; did you mean 'target'?"),
        (FIRST + 'column = "rte"', "[goal.g] column: 'rte' is not a number of activation.first; did you mean 'rate'?"),
        (FIRST + 'column = "people"', "[goal.g] column: 'people' is not a number of activation.first"),
        (FIRST + "step = 2", "[goal.g] step: activation.first has no number by step"),
        (GOAL % "retention.days", "[goal.g] period: retention.days has a number for each: name one, from 1 to 7"),
        (GOAL % "retention.days" + "period = 8", "[goal.g] period: retention.days has no period 8, from 1 to 7"),
        (GOAL % "retention.days" + "period = 1\nstep = 2", "[goal.g] step: retention.days has no number by step; choose by `period`"),
        (GOAL % "completion.steps" + "step = 1", "[goal.g] step: completion.steps has no step 1, from 2 to 3"),
        (GOAL % "active_days.fortnight" + "active_days = 15", "has no active days 15, from 1 to 14"),
        (GOAL % "experiment.tour" + 'variant = "tuor"', "[goal.g] variant: experiment.tour has no variant 'tuor'; did you mean 'tour'?"),
        (GOAL % "survey.effort" + 'column = "nps"', "[goal.g] column: 'nps' is for surveys on the scale nps, this one is on ces"),
        (GOAL % "churn.weekly" + 'column = "cancel_rate"', "[goal.g] column: 'cancel_rate' needs a definition with `cancel`"),
        (FIRST.replace("2027-01-01", "2026-11-01"), "[goal.g] `by` must be later than `from`, 2026-11-01"),
        (FIRST.replace("2027-01-01", "9999-12-31"), "correct the year"),
        (FIRST.replace("2026-11-01", "0001-01-01"), "correct the year"),
        (FIRST.replace("0.4", "40"), "[goal.g] target: rate is a share, so it is from 0 to 1: 0.40 is 40 %, not 40"),
        (FIRST.replace("0.4", "nan"), "[goal.g] target"),
        (FIRST + "baseline = 33", "[goal.g] baseline: rate is a share"),
        (FIRST + "baseline = 0.4", "[goal.g] target: is the same as `baseline`"),
        (FIRST + 'baseline = 0.5\ndirection = "up"', '[goal.g] direction: "up" does not lead from 0.5 to 0.4'),
        (FIRST + 'segment = "rol"\nsegment_value = "x"', "[goal.g] segment: 'rol' is not a segment of activation.first; did you mean 'role'?"),
        (FIRST + 'segment = "role"', "[goal.g] `segment` and `segment_value` need each other"),
        (FALLS % "activation.frst", "[alert.a] metric: 'activation.frst' is not defined; did you mean 'activation.first'?"),
        (FALLS % "activation.first" + 'segments = ["rle"]', "[alert.a] segments: 'rle' is not a segment of activation.first; did you mean 'role'?"),
        (FALLS % "activation.first" + 'by_at_least = "100%"', '[alert.a] by_at_least: must be from "1%" to "99%"'),
        (FALLS % "activation.first" + "limit = 0.2", "[alert.a] `limit` goes with `below` and `above`"),
        (FALLS % "activation.first" + 'for = "2d"', "[alert.a] `for` goes with stops, not with falls"),
        (FALLS % "activation.first" + 'event = "S"', "[alert.a] needs either `metric`, or `event`"),
        ('[alert.a]\nwhen = "falls"', "[alert.a] needs either `metric`, or `event`"),
        (FALLS.replace("falls", "below") % "activation.first", "[alert.a] `limit` goes with `below` and `above`, which need it"),
        (FALLS.replace("falls", "above") % "activation.first" + "limit = 40", "[alert.a] limit: rate is a share"),
        (FALLS.replace("falls", "below") % "activation.first" + "limit = 0", "[alert.a] limit: rate is a share"),
        (BELOW % "survey.effort" + "limit = -100", "[alert.a] limit: ces_net is from -100 to 100, so it is always or never below -100"),
        (ABOVE % "survey.effort" + "limit = 100", "[alert.a] limit: ces_net is from -100 to 100, so it is always or never above 100"),
        (BELOW % "survey.effort" + 'column = "mean"\nlimit = 1', "[alert.a] limit: mean is from 1 to 7, so it is always or never below 1"),
        (BELOW % "active_people.anybody" + "limit = 0", "[alert.a] limit: dau is from 0 on, so it is always or never below 0"),
        (ABOVE % "active_people.anybody" + "limit = -1", "[alert.a] limit: dau is from 0 on, so it is always or never above -1"),
        (BELOW % "completion.steps" + 'column = "median_seconds_from_previous"\nlimit = 0', "is from 0 on, so it is always or never below 0"),
        (FALLS.replace("falls", "stops") % "activation.first", "[alert.a] `stops` goes with `event`"),
        (FALLS % "survey.effort", '[alert.a] when: "falls" needs a share of people'),
        (FALLS % "active_people.anybody", '[alert.a] when: "falls" needs a share of people'),
        (FALLS % "experiment.tour" + 'variant = "tour"', "counts all people until its day"),
        (FALLS % "retention.months" + "period = 1", "and retention.months counts by month"),
        (STOPS + "step = 2", "[alert.a] `step` goes with falls, rises, changes, below, above, not with stops"),
        (STOPS + 'by_at_least = "30%"', "[alert.a] `by_at_least` goes with falls, rises, changes, not with stops"),
        (STOPS + 'for = "36h"', "[alert.a] for: must be whole days"),
    ],
)  # fmt: skip
def test_a_fault_is_one_line_that_names_table_and_field(text: str, expected: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        read(text)
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_limit_that_a_number_can_pass_is_taken() -> None:
    for text in (
        BELOW % "survey.effort" + "limit = -99",
        ABOVE % "survey.effort" + 'column = "mean"\nlimit = 1',
        BELOW % "active_people.anybody" + "limit = 0.5",
        ABOVE % "active_people.anybody" + "limit = 0",
        ABOVE % "completion.steps" + 'column = "rate_of_previous"\nlimit = 0.9',
    ):
        assert read(text).alerts["a"].limit is not None


def test_every_kind_of_number_can_be_a_goal() -> None:
    texts = [
        FIRST,
        GOAL % "retention.days" + "period = 1",
        GOAL % "completion.steps",
        GOAL % "survey.effort",
        GOAL % "experiment.tour" + 'variant = "tour"',
        GOAL % "active_people.anybody",
        GOAL % "active_days.fortnight" + "active_days = 3",
    ]
    goals = "\n".join(text.replace("goal.g", f"goal.g{n}") for n, text in enumerate(texts))
    assert len(read(goals).goals) == len(texts)
    assert read(FIRST).goals["g"].from_ == date(2026, 11, 1)


def test_an_event_that_only_an_alert_watches_is_counted_by_the_export() -> None:
    plain = read("")
    known, new = read(STOPS), read(STOPS.replace('"S"', '"Heartbeat"'))
    assert known.derived_version == plain.derived_version
    assert new.derived_version != plain.derived_version
    assert new.selectors == plain.selectors | {'["Heartbeat"]'}


def test_a_goal_or_an_alert_changes_the_version_of_no_definition() -> None:
    plain, watched = read(""), read(FIRST + FALLS % "activation.first")
    assert [plain.versions(family) for family in plain.measured] == [watched.versions(f) for f in watched.measured]
