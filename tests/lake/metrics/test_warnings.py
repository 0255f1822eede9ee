"""What is silent must speak: each warning with its numbers, and what must not be taken for a fault."""

import json
import random
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT
from daybreak.definitions.project import Project, load
from daybreak.errors import DayMissing
from daybreak.example.decisions import AS_OF, decide
from daybreak.example.events import events as example_events
from daybreak.example.purchases import events as demo_events
from daybreak.files.compute import compute_files, look_at_files
from daybreak.lake.tables import Warned
from daybreak.metrics.job import Metrics
from support.journeys import LIMITS, Deployment, computed, database, event, project, tries

CASES = ROOT / "tests" / "data" / "cases"
NOW = datetime(2026, 11, 27, tzinfo=UTC)
PAID = (
    '[activation.a]\ndescription = "d"\nstart = "Paid"\nwindow = "1d"\nmilestone = { event = "Paid", where = [%s] }\n'
)


def of_case(folder: Path, case: str, as_of: datetime | None = None) -> list[Warned]:
    """The warnings of a case, for somebody at the desk."""
    (events,) = (CASES / case).glob("events.*")
    return compute_files(
        [str(events)], load(CASES / case / "def.toml"), as_of, folder, LIMITS.memory_mb, now=NOW
    ).warnings


def said(warnings: Iterable[Warned], kind: str = "") -> list[str]:
    """The sentences, of one kind if it is named."""
    return [warning.message for warning in warnings if kind in ("", warning.kind)]


def warned(folder: Path, definitions: str | Project, events: list[dict[str, Any]]) -> tuple[list[Warned], list[Warned]]:
    """The warnings about events of the first two weeks of November: for the desk, and as the table holds them."""
    asked = project(definitions) if isinstance(definitions, str) else definitions
    deployment = computed(folder, asked, events, "2026-11-16", as_of=date(2026, 11, 15))
    desk = Metrics(deployment.store, asked, LIMITS).warn(date(2026, 11, 15))
    return desk, in_table(deployment)


def in_table(deployment: Deployment) -> list[Warned]:
    with database().cursor() as db:
        found = db.execute(f"select * from '{deployment.store.root}/warnings/warnings.parquet'")
        names = [column[0] for column in found.description]
        return [Warned(**dict(zip(names, row, strict=True))) for row in found.fetchall()]


def at(number: int) -> str:
    """A time of its own for each number, within a day."""
    return f"2026-11-02T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z"


def paid(values: Iterable[Any], name: str = "amount") -> list[dict[str, Any]]:
    """One event "Paid" of a person of its own for each value of a property."""
    return [event(f"p{n}", "Paid", at(n), **{name: value}) for n, value in enumerate(values)]


# --- the cases


def test_an_amount_that_came_as_text_is_said_to_be_text(tmp_path: Path) -> None:
    (warning,) = of_case(tmp_path, "s1-number-as-text")
    assert warning.definition == "activation.a"
    assert warning.message == (
        'none of 2 events "Paid" has amount >= 10: amount is text in all 2 events and is compared with a number; '
        'it was "49.90" (1), "9" (1)'
    )
    assert (warning.count, warning.total) == (0, 2)


def test_a_value_that_never_came_is_said_with_those_that_came(tmp_path: Path) -> None:
    (warning,) = of_case(tmp_path, "s2-value-never-came")
    assert warning.message == (
        'none of 2 events "Paid" has plan = "pro": it was "Pro" (1), "free" (1); "Pro", not "pro"'
    )


def test_an_nps_that_was_asked_on_four_faces_is_doubted(tmp_path: Path) -> None:
    (warning,) = of_case(tmp_path, "s3-nps-of-1-to-4")
    assert (warning.kind, warning.definition, warning.count) == ("survey_scale", "survey.n", 6)
    assert warning.message.startswith("none of 6 answers was above 4, and NPS goes from 0 to 10")


def test_a_ces_that_was_asked_on_1_to_5_is_doubted(tmp_path: Path) -> None:
    (warning,) = of_case(tmp_path, "s4-ces-of-1-to-5")
    assert warning.message.startswith("none of 20 answers was above 5, and CES goes from 1 to 7")


def test_a_clock_in_the_future_moves_no_date_and_is_named(tmp_path: Path) -> None:
    (events,) = (CASES / "s5-one-wrong-clock").glob("events.*")
    asked = load(CASES / "s5-one-wrong-clock" / "def.toml")
    done = compute_files([str(events)], asked, None, tmp_path, LIMITS.memory_mb, now=NOW)
    assert str(done.as_of) == "2026-11-21 23:59:59.999999+00:00"
    assert done.counts.after_as_of == 1
    assert "line 5: 2099-01-01" in done.counts.first_after_as_of
    assert said(done.warnings) == ["no event 'Bought' ever arrived; the events hold Opened, Signed Up"]


def test_a_decimal_comma_is_a_number_and_what_may_be_one_or_thousands_is_named(tmp_path: Path) -> None:
    assert of_case(tmp_path / "f5", "f5-decimal-comma") == []
    (given,) = (CASES / "f5-decimal-comma").glob("events.*")
    brought = tmp_path / "events.csv"
    brought.write_text(given.read_text().replace("12,50", "1,250"))
    asked = load(CASES / "f5-decimal-comma" / "def.toml")
    (warning,) = compute_files([str(brought)], asked, None, tmp_path / "out", LIMITS.memory_mb, now=NOW).warnings
    assert "amount is text in 1 of 1 event and is compared with a number" in warning.message
    assert '"1,250" (1)' in warning.message


def test_text_in_a_definition_that_matches_a_number_or_a_truth_value_needs_no_word(tmp_path: Path) -> None:
    for value, came in (("10", 10), ("TRUE", True)):
        where = f'{{ property = "x", op = "=", value = "{value}" }}'
        assert said(warned(tmp_path / value, PAID % where, paid([came, came], "x"))[0]) == []


def test_an_id_that_came_before_is_named_where_person_or_event_differ(tmp_path: Path) -> None:
    (events,) = (CASES / "f8-id-came-before").glob("events.*")
    asked = load(CASES / "f8-id-came-before" / "def.toml")
    done = compute_files([str(events)], asked, None, tmp_path, LIMITS.memory_mb, now=NOW)
    assert (done.counts.events, done.counts.came_before) == (2, 1)
    (warning,) = [one for one in done.warnings if one.kind == "same_message_id"]
    assert (warning.count, warning.total) == (1, 1)
    assert warning.message.endswith('"x" is "Joined" of "kim", then "Joined" of "lee"')


def test_a_blank_after_an_id_is_nobodys_and_nothing_needs_to_be_said(tmp_path: Path) -> None:
    assert of_case(tmp_path, "f17-blank-after-an-id") == []


# --- filters: other types, other spellings


@pytest.mark.parametrize(
    ("where", "values", "words"),
    [
        ('{ property = "x", op = ">", value = 1 }', ["2", "n/a"], "x is text in all 2 events and is compared with a number"),
        ('{ property = "x", op = "=", value = 10 }', ["10", "11"], 'the text "10", not the number 10'),
        ('{ property = "x", op = "=", value = true }', ["TRUE", "no"], 'the text "TRUE", not the truth value true'),
        ('{ property = "x", op = "=", value = true }', [1, 0], "x is a number in all 2 events and is compared with true or false"),
        ('{ property = "x", op = "<", value = 5 }', [[1], [2]], "x is a list in all 2 events and is compared with a number"),
        ('{ property = "x", op = "exists" }', [None, None], "x is null in all 2 events"),
        ('{ property = "x", op = "in", value = ["a", "b"] }', ["A", "c"], '"A", not "a"'),
        ('{ property = "x", op = "=", value = "big  plan" }', ["Big plan ", "c"], '"Big plan ", not "big  plan"'),
        ('{ property = "x", op = "=", value = "pro" }', ["trial", "team"], 'it was "team" (1), "trial" (1)'),
        ('{ property = "x", op = "!=", value = "free" }', ["free", "free"], 'it was "free" (2)'),
        ('{ property = "x", op = "!=", value = "10" }', [10, 10], "it was 10 (2)"),
        ('{ property = "x", op = ">=", value = 10 }', [1, 2.5], "it was 1 (1), 2.5 (1)"),
    ],
)  # fmt: skip
def test_a_filter_that_nothing_meets_says_what_came(tmp_path: Path, where: str, values: list[Any], words: str) -> None:
    desk, _ = warned(tmp_path, PAID % where, paid(values, "x"))
    (message,) = said(desk)
    assert message.startswith(f'none of {len(values)} events "Paid" has x')
    assert words in message


def test_filters_that_are_met_one_by_one_and_never_together_are_named_together(tmp_path: Path) -> None:
    where = '{ property = "plan", op = "=", value = "pro" }, { property = "amount", op = ">", value = 10 }'
    events = [event("a", "Paid", at(1), plan="pro", amount=1), event("b", "Paid", at(2), plan="free", amount=99)]
    desk, _ = warned(tmp_path, PAID % where, events)
    assert said(desk) == [
        'none of 2 events "Paid" meets all conditions of its filter, though each is met by some: look at amount and '
        "plan together"
    ]


def test_a_few_amounts_as_text_beside_numbers_are_counted(tmp_path: Path) -> None:
    desk, _ = warned(tmp_path, PAID % '{ property = "amount", op = ">=", value = 10 }', paid([20, 30, "40", "n/a", 5]))
    assert said(desk) == [
        'amount is text in 1 of 5 events "Paid" and is compared with a number, such as "40": these never match'
    ]


def test_a_few_values_in_another_spelling_are_counted(tmp_path: Path) -> None:
    where = '{ property = "plan", op = "=", value = "pro" }'
    desk, _ = warned(tmp_path, PAID % where, paid(["pro", "pro", "Pro", "free"], "plan"))
    assert said(desk) == ['plan is "Pro", not "pro", in 1 of 4 events "Paid"']


def test_a_filter_that_names_both_spellings_is_right(tmp_path: Path) -> None:
    where = '{ property = "plan", op = "in", value = ["pro", "Pro"] }'
    assert warned(tmp_path, PAID % where, paid(["pro", "Pro", "free"], "plan"))[0] == []


def test_a_value_that_differs_by_more_than_its_writing_is_another_value(tmp_path: Path) -> None:
    where = '{ property = "plan", op = "=", value = "pro" }'
    assert warned(tmp_path, PAID % where, paid(["pro", "pro+", "professional", "p r o"], "plan"))[0] == []


def test_a_number_may_be_written_in_another_way(tmp_path: Path) -> None:
    where = '{ property = "amount", op = "=", value = 10 }'
    assert warned(tmp_path, PAID % where, paid([10, 10.0, 3]))[0] == []


def test_a_variant_in_another_spelling_is_named(tmp_path: Path) -> None:
    asked = (
        PAID
        % '{ property = "amount", op = "exists" }'
        + '[experiment.e]\ndescription = "d"\nexposure = "Seen"\nvariants = ["control", "new"]\n'
        'goal = "activation.a"\nplanned = 10\n'
    )
    seen = [event(f"p{n}", "Seen", at(n), variant=["control", "New"][n % 2]) for n in range(6)]
    desk, _ = warned(tmp_path, asked, [*seen, *paid([1])])
    assert said(desk) == [
        'none of 6 events "Seen" has variant = "new": it was "New" (3), "control" (3); "New", not "new"'
    ]


def test_a_variant_that_nobody_has_got_yet_is_not_doubted_after_a_few_exposures(tmp_path: Path) -> None:
    asked = (
        PAID
        % '{ property = "amount", op = "exists" }'
        + '[experiment.e]\ndescription = "d"\nexposure = "Seen"\nvariants = ["control", "new"]\n'
        'goal = "activation.a"\nplanned = 10\n'
    )
    few = [event(f"p{n}", "Seen", at(n), variant="control") for n in range(19)]
    assert warned(tmp_path / "few", asked, [*few, *paid([1])])[0] == []
    more = [*few, event("p19", "Seen", at(19), variant="control"), *paid([1])]
    assert said(warned(tmp_path / "more", asked, more)[0]) == [
        'none of 20 events "Seen" has variant = "new": it was "control" (20)'
    ]


# --- surveys


def survey(scale: str) -> str:
    return f'[survey.s]\ndescription = "d"\nanswer = "Answered"\nscale = "{scale}"\n'


def answered(scores: Iterable[Any]) -> list[dict[str, Any]]:
    return [event(f"p{n}", "Answered", at(n), score=score) for n, score in enumerate(scores)]


DOUBTED: list[tuple[str, list[Any], str]] = [
    # (answers at the top that are possible / all) to the power of their number is under 1 in 100
    ("nps", [1, 2, 3, 4, 5] * 2, "none of 10 answers was above 5"),
    ("nps", [1, 4, 5, 6, 7] * 4, "none of 20 answers was above 7"),
    ("ces", [1, 2, 3, 4, 5] * 4, "none of 20 answers was above 5"),
    ("csat", [1, 2, 3] * 4, "none of 12 answers was above 3"),
    ("csat", [1, 2, 3, 4, 4, 4] * 4, "none of 24 answers was above 4"),
    # shifted, of another size, negative, halves, words
    ("csat", [0, 1, 2, 3, 4], "1 of 5 answers are not a whole number from 1 to 5"),
    ("ces", [-3, -2, 0, 1, 3], "3 of 5 answers are not a whole number from 1 to 7"),
    ("nps", [10, 50, 90, 100], "3 of 4 answers are not a whole number from 0 to 10"),
    ("csat", ["good", "bad"], 'none of 2 answers is a whole number from 1 to 5, as CSAT takes them, so they are left out: "bad" (1), "good" (1)'),
    ("csat", ["4/5", "5/5"], "none of 2 answers is a whole number"),
    ("csat", ["😀", "🙁"], "none of 2 answers is a whole number"),
    ("csat", [4.5, 5, 3.5], "2 of 3 answers are not a whole number"),
    ("csat", [True, False], "none of 2 answers is a whole number"),
    # the best answer is the lowest
    ("csat", [1] * 14 + [2] * 4 + [5] * 2, "18 of 20 answers are from 1 to 2, most often 1"),
    ("ces", [1] * 20 + [7] * 5, "20 of 25 answers are from 1 to 3, most often 1"),
]  # fmt: skip
NOT_DOUBTED: list[tuple[str, list[Any]]] = [
    ("nps", [0, 3, 4, 10]),
    ("nps", [9, 10, 8] * 30),
    ("nps", [4, 4, 3]),
    ("nps", [6, 6, 6, 6, 6, 6]),
    ("ces", [5, 5, 4, 5, 5]),
    ("csat", [4, 4, 4, 3] * 4),
    ("csat", ["4", "5"] * 5),
    ("csat", [1] * 10 + [2, 3, 4, 5] * 5),
    ("nps", [10] * 40 + [11]),
    ("csat", [5]),
]


def surveys(folder: Path, asked: list[tuple[str, list[Any]]]) -> dict[str, list[str]]:
    """What is said of surveys in one lake, each with an event of its own; by definition."""
    definitions = "".join(
        survey(scale).replace("survey.s", f"survey.s{n}").replace('"Answered"', f'"Answered {n}"')
        for n, (scale, _) in enumerate(asked)
    )
    events = [one | {"event": f"Answered {n}", "messageId": f"{n} {one['messageId']}"}
              for n, (_, scores) in enumerate(asked) for one in answered(scores)]  # fmt: skip
    desk, _ = warned(folder, definitions, events)
    return {
        str(warning.definition): [w.message for w in desk if w.definition == warning.definition] for warning in desk
    }


def test_answers_that_do_not_fit_their_scale_are_doubted(tmp_path: Path) -> None:
    found = surveys(tmp_path, [(scale, scores) for scale, scores, _ in DOUBTED])
    for n, (scale, scores, words) in enumerate(DOUBTED):
        (message,) = found[f"survey.s{n}"]
        assert message.startswith(words), (scale, scores)


def test_answers_that_may_well_be_on_their_scale_are_not_doubted(tmp_path: Path) -> None:
    assert surveys(tmp_path, NOT_DOUBTED) == {}


@settings(max_examples=tries(18))
@given(st.sampled_from([("nps", 0, 10), ("ces", 1, 7), ("csat", 1, 5)]), st.integers(1, 10_000))
def test_answers_from_the_whole_scale_are_never_doubted(
    tmp_path_factory: pytest.TempPathFactory, scale: tuple[str, int, int], seed: int
) -> None:
    name, lowest, highest = scale
    chance = random.Random(seed)
    scores = [chance.randint(lowest, highest) for _ in range(40)] + [highest]
    assert warned(tmp_path_factory.mktemp("lake"), survey(name), answered(scores))[0] == []


# --- names and ids

REPORT = '[activation.r]\ndescription = "d"\nstart = "Joined"\nmilestone = "Report Made"\nwindow = "1d"\n'


def joined(ids: Iterable[str]) -> list[dict[str, Any]]:
    """Each of these people joins and makes a report."""
    return [event(who, what, at(n)) for n, who in enumerate(ids) for what in ("Joined", "Report Made")]


@pytest.mark.parametrize("other", ["report made", "REPORT MADE", "Report  Made", " Report Made", "Report Made\t", "Report\u00a0Made"])  # fmt: skip
def test_an_event_name_in_two_spellings_is_two_events_and_said_to_be(tmp_path: Path, other: str) -> None:
    desk, table = warned(tmp_path, REPORT, [*joined(["a", "b"]), event("c", other, at(9))])
    assert [(w.kind, w.definition, w.count, w.total) for w in desk] == [("name_spelling", "activation.r", 1, 3)]
    assert f"{json.dumps('Report Made')} (2) and {json.dumps(other, ensure_ascii=False)} (1)" in desk[0].message
    assert said(table) == said(desk)


def test_a_korean_name_in_two_unicode_forms_is_said_to_be_two_events(tmp_path: Path) -> None:
    composed, apart = "가입", "\u1100\u1161\u110b\u1175\u11b8"
    asked = REPORT.replace("Report Made", composed)
    desk, _ = warned(
        tmp_path, asked, [event("a", "Joined", at(1)), event("a", composed, at(2)), event("b", apart, at(3))]
    )
    assert [w.kind for w in desk] == ["name_spelling"]


def test_a_similar_name_is_another_event(tmp_path: Path) -> None:
    others = [event("c", name, at(9)) for name in ("Reports Made", "Report_Made", "ReportMade", "Report Made 2")]
    assert warned(tmp_path, REPORT, [*joined(["a", "b"]), *others])[0] == []


def test_a_selector_with_both_spellings_is_right(tmp_path: Path) -> None:
    both = REPORT.replace('"Report Made"', '["Report Made", "report made"]')
    assert warned(tmp_path, both, [*joined(["a"]), event("c", "report made", at(9))])[0] == []


def test_two_names_that_no_definition_counts_are_named_at_the_desk_alone(tmp_path: Path) -> None:
    beside = [event("a", "Viewed kim", at(5)), event("b", "viewed Kim", at(6))]
    desk, table = warned(tmp_path, REPORT, [*joined(["a", "b"]), *beside])
    assert '"Viewed kim" (1)' in said(desk)[0]
    assert [(w.subject, "kim" in w.message.lower()) for w in table] == [("event names", False)]


@pytest.mark.parametrize(
    ("one", "other"),
    [("kim", "Kim"), ("KIM@EXAMPLE.COM", "kim@example.com"), ("kim lee", "kim  lee"), ("kim", "kim "), ("a-1", "A-1")],
)
def test_two_ids_that_differ_in_writing_alone_are_named_at_the_desk_alone(tmp_path: Path, one: str, other: str) -> None:
    desk, table = warned(tmp_path, REPORT, joined([one, other, "lee", "jo"]))
    (warning,) = desk
    assert (warning.kind, warning.count, warning.total) == ("id_spelling", 2, 4)
    assert json.dumps(one) in warning.message
    assert json.dumps(other) in warning.message
    assert [one in w.message or other in w.message for w in table] == [False]
    assert said(table)[0].startswith("2 of 4 ids differ from another only by capital letters or blanks")


def test_ids_of_one_person_and_codes_in_mixed_case_are_not_doubted(tmp_path: Path) -> None:
    alias = {"type": "alias", "previousId": "kim", "userId": "Kim", "timestamp": at(0), "messageId": "m"}
    assert warned(tmp_path / "one", REPORT, [alias, *joined(["kim", "Kim", "lee"])])[0] == []
    assert warned(tmp_path / "codes", REPORT, joined(["aB3xY", "Ab3Xy", "lee"]))[0] == []


NOBODY = [
    "anonymous", "Guest", "0", "-1", "unknown", "n/a", "(not set)", "-", "?", "999999", "user_id", "비회원", "none@example.com",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
]  # fmt: skip
SOMEBODY = [
    "1", "10", "kim", "guest-17", "user-1", "anon_7f3a", "00001", "김민수", "a", "99", "Guestrin", "test", "x-1",
    "b3f1c0de-0000-4000-8000-000000000001",
]  # fmt: skip


@pytest.mark.parametrize("nobody", NOBODY[:3])
def test_an_id_that_looks_like_none_is_named_at_the_desk_alone(tmp_path: Path, nobody: str) -> None:
    desk, table = warned(tmp_path, REPORT, joined([nobody, "kim", "lee", "jo"]))
    (warning,) = desk
    assert (warning.kind, warning.count, warning.total) == ("id_like_none", 2, 8)
    assert json.dumps(nobody, ensure_ascii=False) in warning.message
    assert said(table) == ["an id looks like none, and has 2 of 8 events: is each one person?"]


def test_ids_that_look_like_none_are_counted_and_those_of_somebody_are_not(tmp_path: Path) -> None:
    desk, table = warned(tmp_path, REPORT, joined([*NOBODY, *SOMEBODY]))
    assert [(w.kind, w.count, w.total) for w in desk] == [("id_like_none", 28, 56)]
    assert desk[0].message.startswith("the ids ")
    assert said(table) == ["14 ids look like none, and have 28 of 56 events: is each one person?"]


def test_one_id_with_most_events_is_named_at_the_desk_alone(tmp_path: Path) -> None:
    busy = [event("backend-7", "Report Made", at(100 + n)) for n in range(60)]
    desk, table = warned(tmp_path, REPORT, [*joined([f"p{n}" for n in range(10)]), *busy])
    assert said(desk) == ['the id "backend-7" has 60 of 80 events: is it one person?']
    assert said(table) == ["one id has 60 of 80 events: is it one person?"]


def test_one_id_that_sends_for_everybody_is_named_though_each_day_has_one_other_person(tmp_path: Path) -> None:
    busy = [
        event("server", "Report Made", f"2026-11-{day:02}T09:{n:02}:00Z") for day in range(2, 12) for n in range(50)
    ]
    own = [event(f"u{day}", "Joined", f"2026-11-{day:02}T08:00:00Z") for day in range(2, 12)]
    assert said(warned(tmp_path, REPORT, [*busy, *own])[0]) == [
        'the id "server" has 500 of 510 events: is it one person?'
    ]


@pytest.mark.parametrize("counts", [[12, 4, 4], [30], [30, 20], [40, 30, 20], [3, 1, 1], [20, 10, 9, 8, 7]])
def test_the_busiest_of_a_few_people_is_not_doubted(tmp_path: Path, counts: list[int]) -> None:
    events = [event(f"p{who}", what, at(1000 * who + n))
              for who, count in enumerate(counts) for n in range(count) for what in ("Joined", "Report Made")]  # fmt: skip
    assert warned(tmp_path, REPORT, events)[0] == []


# --- message ids


def test_a_constant_message_id_loses_events_over_days_and_is_counted(tmp_path: Path) -> None:
    asked = project(REPORT)
    deployment = Deployment(tmp_path, asked)
    for day in (2, 3, 4):
        same = [event(f"p{day}", "Joined", f"2026-11-02T0{day}:00:00Z", key="constant")]
        deployment.receive(f"2026-11-{day:02}T12:00:00+00:00", [*same, event("q", "Report Made", at(day))])
    manifests = deployment.export("2026-11-05T00:05:00+00:00")
    assert [(m.duplicates, m.other_events) for m in manifests[:3]] == [(0, 0), (1, 1), (1, 1)]
    (warning,) = Metrics(deployment.store, asked, LIMITS).warn(date(2026, 11, 3))
    assert (warning.kind, warning.count, warning.total) == ("same_message_id", 2, 2)


def test_an_event_that_is_sent_again_is_no_other_event(tmp_path: Path) -> None:
    asked = project(REPORT)
    deployment = Deployment(tmp_path, asked)
    for day in (2, 3):
        deployment.receive(f"2026-11-{day:02}T12:00:00+00:00", joined(["a", "b"]))
    manifests = deployment.export("2026-11-05T00:05:00+00:00")
    assert [(m.duplicates, m.other_events) for m in manifests[:2]] == [(0, 0), (4, 0)]
    assert Metrics(deployment.store, asked, LIMITS).warn(date(2026, 11, 3)) == []


# --- the table


def test_the_table_shows_values_of_many_people_and_none_that_privacy_hides(tmp_path: Path) -> None:
    where = '{ property = "mail", op = "=", value = "x" }'
    many = paid(["k@example.com"] * 5 + ["l@example.com"] * 4, "mail")
    desk, table = warned(tmp_path / "open", PAID % where, many)
    assert said(desk)[0].endswith('it was "k@example.com" (5), "l@example.com" (4)')
    assert said(table)[0].endswith('it was "k@example.com" (5)')
    for rule in ("drop", "hash"):
        hidden = project(f'[privacy]\n{rule} = ["properties.mail"]\n' + PAID % where)
        for warnings in warned(tmp_path / rule, hidden, many):
            assert "example.com" not in " ".join(said(warnings))


def test_the_same_events_give_the_same_bytes_and_a_mended_fault_leaves_an_empty_table(tmp_path: Path) -> None:
    asked = project(PAID % '{ property = "plan", op = "=", value = "pro" }')
    deployment = computed(tmp_path, asked, paid(["Pro"], "plan"), "2026-11-16", as_of=date(2026, 11, 15))
    job, file = Metrics(deployment.store, asked, LIMITS), tmp_path / "warnings" / "warnings.parquet"
    job.warn(date(2026, 11, 15))
    first = file.read_bytes()
    job.warn(date(2026, 11, 15))
    job.warn(date(2026, 11, 3))  # an older date takes nothing back
    assert file.read_bytes() == first
    assert json.loads((tmp_path / "latest" / "warnings.json").read_text())["as_of"] == "2026-11-15"
    mended = project(PAID % '{ property = "plan", op = "in", value = ["Pro"] }')
    clean = computed(tmp_path / "mended", mended, paid(["Pro"], "plan"), "2026-11-16", as_of=date(2026, 11, 15))
    assert Metrics(clean.store, mended, LIMITS).warn(date(2026, 11, 15)) == in_table(clean) == []


def test_a_look_at_the_lake_names_ids_and_writes_nothing(tmp_path: Path) -> None:
    asked = project(REPORT)
    deployment = Deployment(tmp_path, asked)
    job = Metrics(deployment.store, asked, LIMITS)
    with pytest.raises(DayMissing, match="the export has not run yet"):
        job.look()
    deployment.receive("2026-11-03T12:00:00+00:00", joined(["kim", "Kim"]))
    deployment.export("2026-11-04T00:05:00+00:00")
    assert '"Kim" and "kim"' in said(job.look())[0]
    assert not (tmp_path / "warnings").exists()
    other = project(REPORT.replace("Report Made", "Paid"))
    with pytest.raises(DayMissing, match="run `daybreak backfill"):
        Metrics(deployment.store, other, LIMITS).look()


def test_another_spelling_that_has_not_come_for_sixty_days_is_over(tmp_path: Path) -> None:
    asked = project(PAID % '{ property = "plan", op = "=", value = "pro" }')
    deployment = Deployment(tmp_path, asked)
    days = [date.fromordinal(date(2026, 6, 1).toordinal() + n) for n in range(61)]
    events = [event(f"p{day}", "Paid", f"{day}T09:00:00Z", plan="pro") for day in days]
    deployment.receive("2026-07-31T12:00:00+00:00", [*events, event("q", "Paid", "2026-06-01T10:00:00Z", plan="Pro")])
    deployment.export("2026-08-01T01:05:00+00:00")
    job = Metrics(deployment.store, asked, LIMITS)
    assert len(job.warn(date(2026, 7, 30))) == 1
    assert job.warn(date(2026, 7, 31)) == []


def test_late_events_and_derived_tables_made_anew_give_the_same_warnings(tmp_path: Path) -> None:
    asked = project(PAID % '{ property = "plan", op = "=", value = "pro" }')
    events = paid(["Pro", "free", "pro", 7] * 5, "plan")
    at_once = computed(tmp_path / "once", asked, events, "2026-11-16", as_of=date(2026, 11, 15))
    late = Deployment(tmp_path / "late", asked)
    late.receive("2026-11-03T12:00:00+00:00", events[:7])
    late.export("2026-11-04T00:05:00+00:00")
    late.receive("2026-12-02T12:00:00+00:00", events[7:])
    late.export("2026-12-03T00:05:00+00:00")
    first, second = (Metrics(d.store, asked, LIMITS).warn(date(2026, 11, 15)) for d in (at_once, late))
    assert said(first) == ['plan is "Pro", not "pro", in 5 of 20 events "Paid"']
    assert second == first


# --- nobody is alarmed


def test_the_example_product_gives_no_warning(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in example_events(decide())), encoding="utf-8")
    asked = load(ROOT / "shared" / "daybreak" / "example" / "product.toml")
    assert look_at_files([str(file)], asked, AS_OF)[1] == []


@pytest.mark.slow
def test_the_real_purchases_and_the_aa_test_of_the_demo_give_no_warning(tmp_path: Path) -> None:
    file = tmp_path / "purchases.jsonl"
    rows = (
        {"type": "track", "userId": row["user_id"], "event": row["event"], "timestamp": row["timestamp"].isoformat(),
         "messageId": row["message_id"], "properties": row["properties"]}
        for row in demo_events(ROOT / "tests" / "data" / "CDNOW_master.txt.gz")
    )  # fmt: skip
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert look_at_files([str(file)], load(ROOT / "daybreak.toml"), NOW)[1] == []


def test_a_morning_before_any_event_says_that_none_came(tmp_path: Path) -> None:
    """All events are of a later day, as on the first day of a deployment."""
    asked = project(REPORT)
    deployment = Deployment(tmp_path, asked)
    deployment.receive("2026-11-02T12:00:00+00:00", [event("p", "Joined", "2026-11-02T10:00:00Z")])
    deployment.export("2026-11-03T00:05:00+00:00")
    found = Metrics(deployment.store, asked, LIMITS).warn(date(2026, 11, 1))
    assert {warning.kind for warning in found} == {"event_never_came"}


def test_a_list_that_names_an_event_or_a_value_that_never_came_is_doubted_like_a_definition(tmp_path: Path) -> None:
    asked = '[activation.a]\ndescription = "d"\nstart = "Paid"\nmilestone = "Paid"\nwindow = "1d"\n'
    asked += '[list.l]\nwho = { did = { event = "Paid", where = [{ property = "plan", op = "=", value = "Pro" }] }, in = "2d" }\n'
    asked += 'not = { did = "Pait", in = "1d" }\n'
    events = [event(f"u{n}", "Paid", f"2026-11-{n:02}T10:00:00Z", plan="pro") for n in range(1, 15)]
    desk, _ = warned(tmp_path, asked, events)
    assert [(w.kind, w.definition, w.subject) for w in desk] == [
        ("event_never_came", "list.l", "Pait"), ("value_never_came", "list.l", "plan")
    ]  # fmt: skip
