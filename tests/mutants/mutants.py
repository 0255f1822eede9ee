"""Faults put into the product on purpose, each with the tests that must notice it: are the tests worth their time?

    python tests/mutants/mutants.py            a table: mutant, file, the test that fell
    python tests/mutants/mutants.py holm edge  only those whose name holds one of these words

For each mutant the sources and tests are copied into a temporary folder, one piece of text is replaced there, and the
named tests run on that copy. A mutant whose text is not in its file exactly once is an error, and so is a test that
fails otherwise than by an assertion: a copy that cannot even run says nothing about the tests.
"""

import multiprocessing
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("shared", "tests", "events", "pyproject.toml", "daybreak.toml")

WORKED, EDGES = "tests/lake/metrics/test_worked_examples.py", "tests/lake/metrics/test_edges.py"
DAYS, PEERS = "tests/lake/metrics/test_days_and_people.py", "tests/lake/metrics/test_peer_cases.py"
EXPORT = "tests/lake/export/test_export.py"
ACCOUNTS, IDENTITY = "tests/lake/metrics/test_accounts.py", "tests/lake/metrics/test_identity.py"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: in a file below shared/daybreak, `old` becomes `new`; of the file `tests`, those with `named` must fall."""

    name: str
    file: str
    old: str
    new: str
    tests: str
    named: str


MUTANTS = [
    # the far edge of windows
    Mutant("activation's window without its far edge", "metrics/inputs/outcomes.sql",
           "m.at_us <= s.ends_us", "m.at_us < s.ends_us", WORKED, "test_60_of_100"),
    Mutant("funnel's window without its far edge", "families/completion_attempts.py",
           "where e.at_us <= {until} and", "where e.at_us < {until} and", EDGES, "funnels_window"),
    Mutant("strict funnel's window without its far edge", "families/completion_attempts.py",
           "e.at_us <= w.at_1 + {window}", "e.at_us < w.at_1 + {window}", EDGES, "funnels_window"),
    Mutant("any order's window without its far edge", "families/completion_attempts.py",
           "where e.at_us <= w.until_us", "where e.at_us < w.until_us", EDGES, "funnels_window"),
    Mutant("time to value's window without its far edge", "families/time_to_value.sql",
           "m.at_us <= p.started_us + p.window_us", "m.at_us < p.started_us + p.window_us", EDGES, "time_to_value"),
    Mutant("within 24 hours without the 24th", "families/time_to_value.sql",
           "micros <= 86400000000 then", "micros < 86400000000 then", EDGES, "time_to_value"),
    # who starts when
    Mutant("the newest start instead of the first ever", "export/sql/merged_seen.sql",
           "min(first_at) as first_at", "max(first_at) as first_at", WORKED, "two_years_ago"),
    Mutant("every start makes a person new", "families/retention.py",
           'entry = "entry" if', 'entry = "again" if', WORKED, "two_years_ago"),
    Mutant("a merged month is forgotten", "export/merge.py",
           "list(store.local([*last, *days.values()], work)", "list(store.local(days.values(), work)",
           WORKED, "two_years_ago"),
    Mutant("any entry opens a window though the first should", "families/completion_attempts.py",
           '" and e.nth = 1 and e.at_us = s.started_us"', '""', EDGES, "first_entry"),
    Mutant("only the first entry opens a window though any should", "families/completion_attempts.py",
           's.started_us" if funnel.entry == "first" else ""', 's.started_us"', EDGES, "first_entry"),
    # what is made again when an arrival day changes
    Mutant("the day's own manifest before those of the days that follow it", "export/job.py",
           "        followed = self._follow(manifest) if changed else []\n        self._finish(manifest)\n",
           "        self._finish(manifest)\n        followed = self._follow(manifest) if changed else []\n",
           EXPORT, "killed_while_an_earlier"),
    Mutant("followers are not followed", "export/job.py",
           "[followed[-1]] if followed[-1].objects != later.objects else []", "[]", EXPORT, "followed_too"),
    Mutant("a day that lost its last event is counted no more", "export/job.py",
           "*(before.days if before else ())", "", EXPORT, "loses_its_last"),
    Mutant("a project day is one UTC date", "export/job.py",
           "for overlapped in calendar.utc_dates(day) if overlapped in dates", "if day in dates",
           EXPORT, "loses_the_events and York"),
    Mutant("months end with the arrival day's", "export/job.py",
           "max(arrived, last.arrived) if last else arrived)", "arrived)", EXPORT, "older_month"),
    Mutant("what a killed first run left stays", "export/job.py",
           "before.objects) if before else self._left_by_killed_run(arrived)", "before.objects) if before else []",
           EXPORT, "killed_first_run"),
    Mutant("memberships of before in the months since", "export/merge.py",
           "for table, (day_table, _) in MERGED.items():", "for table, (day_table, _) in reversed(MERGED.items()):",
           ACCOUNTS, "reaches_every_later_month"),
    Mutant("what is told of two ids of a person by turns is condensed", "export/sql/merged_traits.sql",
           "    o.id is not null\n    or row_number", "    row_number", IDENTITY, "whichever_id_said_it"),
    # what is computed again
    Mutant("the days of late arrivals ignored", "metrics/job.py",
           "touched = {d for manifest in manifests for d in manifest.days}", "touched: set[date] = set()",
           DAYS, "late_event_restates"),
    Mutant("a new link restates nothing", "metrics/job.py",
           "            self._relinked_from(db, work, since, day),\n", "", DAYS, "end_of_a_chain"),
    Mutant("what was told of a device before it was linked restates nothing", "metrics/job.py",
           "self._first_seen(db, work, day, told, connected=True)", "day", IDENTITY, "a_role_of_a_device"),
    Mutant("what is told of a user restates nothing done under another id", "metrics/job.py",
           "return self._first_seen(db, work, day, ids, connected=True)",
           "return self._first_seen(db, work, day, ids, connected=False)", IDENTITY, "a_role_of_the_user"),
    Mutant("a late group call restates nothing", "metrics/job.py",
           "            self._rejoined_from(db, work, family, since, day),\n", "", ACCOUNTS, "late_group_call"),
    # days, weeks, hours
    Mutant("periods of 24 hours though the calendar was asked for", "families/retention.py",
           '] = "calendar"', '] = "24h"', DAYS, "before_midnight"),
    Mutant("calendar days though 24 hours were asked for", "families/retention.sql",
           "then m.at_us - c.started_us",
           "then (m.at_us // 86400000000 - c.started_us // 86400000000) * 86400000000", EDGES, "clock"),
    Mutant("exact time cut to full hours", "families/retention.sql",
           "then m.at_us - c.started_us", "then (m.hour_number - c.hour_number) * 3600000000", EDGES, "clock"),
    Mutant("the time zone ignored", "engine/calendar.py",
           "midnight = datetime.combine(day, time(), tzinfo=self.zone)",
           "midnight = datetime.combine(day, time(), tzinfo=UTC)", DAYS, "before_midnight"),
    Mutant("the week's first day ignored", "engine/calendar.py", '"sunday": 4', '"sunday": 3', EDGES, "sunday"),
    Mutant("every day has 24 hours", "engine/calendar.py",
           "return midnight.astimezone(UTC).replace(tzinfo=None)",
           "return midnight.replace(tzinfo=None) - (midnight.utcoffset() - midnight.dst())", EDGES, "23_hours"),
    # who is who
    Mutant("identify and alias ignored", "metrics/inputs/person_of.sql",
           "where not exists (", "where false and not exists (", DAYS, "two_devices"),
    Mutant("alias ignored", "export/sql/identities.sql", "type = 'alias'", "type = 'none'", DAYS, "along_a_chain"),
    Mutant("aliases followed one link only", "metrics/inputs/build.py", "for _ in range(16)", "for _ in range(0)",
           DAYS, "along_a_chain"),
    Mutant("a shared browser belongs to whoever came last", "metrics/inputs/person_of.sql",
           "arg_min(user_id, row(linked_at, user_id))", "arg_max(user_id, row(linked_at, user_id))",
           DAYS, "shared_browser"),
    Mutant("what came before joining an account ignored", "metrics/inputs/people_and_accounts.sql",
           "coalesce(n.account, m.account, f.account)", "coalesce(n.account, m.account)", EDGES, "member"),
    # how often
    Mutant("retention's at_least ignored", "families/retention.sql",
           "u.uses >= d.at_least", "u.uses >= 1", EDGES, "often_enough"),
    Mutant("activation's at_least ignored", "metrics/inputs/outcomes.sql",
           "where nth = at_least", "where nth = 1", EDGES, "often_enough"),
    Mutant("adoption's at_least ignored", "families/adoption.sql",
           "sum(a.uses) >= d.at_least and", "sum(a.uses) >= 1 and", EDGES, "often_enough"),
    Mutant("adoption's at_least_days ignored", "families/adoption.sql",
           "count(*) >= d.at_least_days", "count(*) >= 1", EDGES, "often_enough"),
    # what has not ended
    Mutant("people too young in the denominator", "metrics/inputs/outcome_counts.sql",
           "sum(o.finished) as finished", "count(*) as finished", WORKED, "too_young_are_in_neither"),
    Mutant("an open cohort called complete", "metrics/inputs/outcome_counts.sql",
           "then 'complete' else 'open' end", "then 'complete' else 'complete' end", WORKED, "too_young_are_in_neither"),
    Mutant("a rate before the window has ended", "metrics/inputs/outcome_counts.sql",
           "case when c.is_over = 1 and c.finished = c.people then cast(c.reached as double) / cast(c.finished as double)",
           "case when 1 = 1 then cast(c.reached as double) / cast(c.people as double)",
           WORKED, "too_young_are_in_neither"),
    Mutant("a window over an instant too early", "metrics/inputs/outcomes.sql",
           "s.started_us + d.window_us < r.until_us", "s.started_us + d.window_us <= r.until_us",
           EDGES, "not_known_yet"),
    Mutant("retention of a period that runs", "families/retention.sql",
           "case when t.ends_us <= r.until_us and", "case when t.begins_us <= r.until_us and", EDGES, "clock"),
    Mutant("summaries of cohorts that are not complete", "families/retention.summary.sql",
           "where r.status = 'complete' or", "where r.status <> 'none' or", PEERS, "ret-38"),
    # events
    Mutant("a copy in the same day kept", "export/sql/dropped.sql", "where turn > 1", "where turn > 9",
           EDGES, "three_times"),
    Mutant("a copy of an earlier day kept", "export/sql/dropped.sql",
           "e.message_id = a.message_id;", "e.message_id = 'none';", EXPORT, "each_retry_again"),
    Mutant("one event used for two steps", "families/completion_attempts.py",
           ' and e.event_key not in ({", ".join(used)})', "", EDGES, "one_event"),
    Mutant("exclusions ignored", "families/completion_attempts.py",
           "where w.at_{exclusion.after} is not null", "where 1 = 0 and w.at_{exclusion.after} is not null",
           EDGES, "exclusion"),
    Mutant("an exclusion after the last step excludes", "families/completion_attempts.py",
           "and (e.at_us < w.at_{before} or", "and (1 = 1 or", EDGES, "exclusion"),
    # segments
    Mutant("the segment of the unset dropped", "metrics/inputs/segments.sql",
           "left join by_trait as t", "inner join by_trait as t", WORKED, "unset_is_one"),
    Mutant("the latest trait though that at the start was asked for", "metrics/inputs/segments.sql",
           "where g.at = 'latest' or", "where 1 = 1 or", WORKED, "unset_is_one"),
    Mutant("the trait at the start though the latest was asked for", "metrics/inputs/segments.sql",
           "where g.at = 'latest' or", "where 1 = 0 or", WORKED, "unset_is_one"),
    # surveys
    Mutant("an answer off the scale counted", "families/survey.sql",
           "case when a.number >= d.lowest and a.number <= d.highest and", "case when", EDGES, "off_the_scale"),
    Mutant("half a point counted", "families/survey.sql",
           " and a.number = floor(a.number)", "", EDGES, "off_the_scale"),
    Mutant("passives are promoters", "families/survey.py", '"nps": (0, 10, 6, 9)', '"nps": (0, 10, 6, 7)',
           EDGES, "off_the_scale"),
    # statistics
    Mutant("Kaplan-Meier without censoring", "families/time_to_value.sql",
           "else p.age_us", "else p.window_us", WORKED, "kaplan_meier"),
    Mutant("Holm's correction ignored", "families/experiment_statistics.py",
           "p * (len(known) - nth)", "p", EDGES, "holm"),
    Mutant("Holm's order ignored", "families/experiment_statistics.py",
           "max(highest, min(1.0, p * (len(known) - nth)))", "min(1.0, p * (len(known) - nth))", EDGES, "holm"),
    Mutant("who saw two variants kept", "families/experiment.sql",
           "case when p.second_us < y.known_us then 1 else 0 end as in_several", "0 as in_several",
           EDGES, "two_variants"),
    Mutant("a goal before the exposure won", "families/experiment.sql",
           "case when p.reached_us < p.exposed_us then 1 else 0 end as reached_before", "0 as reached_before",
           EDGES, "two_variants"),
]  # fmt: skip


class NoMutant(Exception):
    """The mutant says nothing: its text is not there once, or its copy does not run the tests as it should."""


def fallen(mutant: Mutant) -> str | None:
    """The test that noticed the mutant, or None where it survived. Raises NoMutant."""
    with tempfile.TemporaryDirectory(prefix="daybreak-mutant-") as folder:
        copy = Path(folder).resolve()
        copy_to(copy)
        replace(copy / "shared/daybreak" / mutant.file, mutant)
        return verdict(mutant, *run(copy, mutant))


def copy_to(copy: Path) -> None:
    """What the tests need; compiled files come along with their sources' times, which saves a second each run."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name)
        else:
            shutil.copy2(ROOT / name, copy / name)
    (copy / "only_the_copy.py").write_text(_PLUGIN)


_PLUGIN = '''
"""Stops pytest where the package it tests is another than the copy beside this file."""

from pathlib import Path


def pytest_sessionfinish():
    import daybreak

    here = Path(__file__).resolve().parent
    assert here in Path(daybreak.__file__).resolve().parents, f"{daybreak.__file__} is not the copy in {here}"
'''


def replace(file: Path, mutant: Mutant) -> None:
    text = file.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise NoMutant(f"{mutant.name}: {mutant.file} holds this {text.count(mutant.old)} times: {mutant.old}")
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")


def run(copy: Path, mutant: Mutant) -> tuple[int, str]:
    """The tests on the copy, in a process of their own: pytest's exit code and what it wrote."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(PRELOADED)
    process = server.Process(target=run_here, args=(copy, mutant.tests, mutant.named))
    process.start()
    process.join()
    return process.exitcode or 0, (copy / OUTPUT).read_text(encoding="utf-8")


PRELOADED = ["duckdb", "mpmath", "orjson", "pydantic", "pytest", "_pytest.assertion.rewrite", "zoneinfo"]
"""What takes longest to load, and is no part of the product: loaded once, then every process begins with it."""
OUTPUT = "output.txt"


def run_here(copy: Path, tests: str, named: str) -> None:
    """In a new process: become one that knows only the copy, run pytest there and end with its exit code.

    Without plugins and fixtures these tests do not use, which take longer to load than the tests to run.
    """
    import pytest

    os.chdir(copy)
    output = os.open(OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.path[:] = [str(copy / "shared"), str(copy), *(path for path in sys.path if not is_ours(path))]
    os.environ.update({"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "1000"})
    os.environ.pop("PYTEST_ADDOPTS", None)
    sys.exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "only_the_copy", "--noconftest", "--no-header",
                          "--tb=line", tests, "-k", named]))  # fmt: skip


def is_ours(path: str) -> bool:
    """Whether modules of this project would be found there; its environment lies below it and is kept."""
    place = Path(path).resolve()
    return place == ROOT or place in (ROOT / "shared", ROOT / "tests") or ROOT / "tests" in place.parents


def verdict(mutant: Mutant, code: int, output: str) -> str | None:
    if code == 0:
        return None
    found = re.search(r"^FAILED \S+?::(\S+)(?: - (assert|AssertionError))?", output, re.MULTILINE)
    if code != 1 or not found or not found[2]:
        raise NoMutant(f"{mutant.name}: the copy does not run as it should\n{output}")
    return found[1]


def main(words: Iterable[str]) -> int:
    """Print the table; the number of mutants that survived."""
    chosen = [m for m in MUTANTS if not words or any(word in m.name for word in words)]
    survived = 0
    for mutant in chosen:
        test = fallen(mutant)
        survived += test is None
        print(f"{mutant.name:<62} {mutant.file:<42} {test or 'SURVIVED'}", flush=True)
    print(f"{len(chosen) - survived} of {len(chosen)} mutants fell")
    return survived


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
