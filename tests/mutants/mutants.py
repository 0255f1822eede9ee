"""Mutants: faults that are put into the product on purpose. A test must fail for each; if none does, a test is missing.

    python tests/mutants/mutants.py            print a table: mutant, file, the test that failed
    python tests/mutants/mutants.py holm edge  run only mutants with one of these words in their name

For each mutant the sources and tests are copied into a temporary folder, one piece of text is replaced there, and the
named tests run on the copy. It is an error if the text is not in its file exactly once, or if a test fails for another
reason than an assertion: a copy that cannot run says nothing about the tests.
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
INSTALLED = shutil.ignore_patterns("node_modules", ".clients")
"""What `make conformance` installs beside the tests: hundreds of megabytes that no mutant needs."""

WORKED, EDGES = "tests/lake/metrics/test_worked_examples.py", "tests/lake/metrics/test_edges.py"
DAYS, PEERS = "tests/lake/metrics/test_days_and_people.py", "tests/lake/metrics/test_peer_cases.py"
EXPORT = "tests/lake/export/test_export.py"
EVENT = "tests/unit/ingest/test_event.py"
SIGNATURES, VENDORS, WEBHOOKS = (f"tests/unit/webhooks/test_{name}.py" for name in ("signatures", "vendors", "receive"))
EXPIRY = "tests/lake/export/test_expiry_order.py"
FOUND = "tests/lake/metrics/test_found_faults.py"
MONTHS = "tests/lake/metrics/test_months.py"
VIEWS = "tests/unit/metrics/test_views.py"
LOOKS, EPISODES, GOALS = (f"tests/unit/watch/test_{name}.py" for name in ("looks", "episodes", "goals"))
WATCH = "tests/lake/watch/test_watch.py"
ON_LISTS, OVER_TIME = "tests/lake/lists/test_lists.py", "tests/lake/lists/test_lists_over_time.py"
NEWS, WEBHOOK = "tests/unit/send/test_messages.py", "tests/unit/send/test_webhook.py"
SENDING = "tests/lake/send/test_sending.py"
COUNTS, DRAWN, EXAMPLE_PAGE = (
    "tests/unit/page/test_counts.py",
    "tests/unit/page/test_draw.py",
    "tests/lake/page/test_example.py",
)
STATISTICS = "tests/unit/families/test_experiment_statistics.py"
COMPARED = "tests/unit/page/test_compared.py"
ASK, ONE_SELECT = "tests/lake/ask/test_assistant.py", "tests/unit/engine/test_one_select.py"
IMPORTS = "tests/lake/files/test_importing.py"
ACCOUNTS, IDENTITY = "tests/lake/metrics/test_accounts.py", "tests/lake/metrics/test_identity.py"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: in a file of shared/daybreak, `old` becomes `new`. In the test file `tests`, a test with `named` must fail.

    `name` says in a sentence what the faulty product does.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str
    named: str


MUTANTS = [
    # webhooks
    Mutant("an old signature is taken", "webhooks/signatures.py", "if abs(now - signed_at) > TOLERANCE:",
           "if signed_at - now > TOLERANCE:", SIGNATURES, "five_minutes"),
    Mutant("Zendesk's time is not signed", "webhooks/signatures.py", "_hmac(secret, signed_at + request.body)",
           "_hmac(secret, request.body)", SIGNATURES, "openssl"),
    Mutant("any scheme of Stripe's is taken", "webhooks/signatures.py", 'for name, _, value in parts if name == b"v1")',
           "for name, _, value in parts)", SIGNATURES, "stripes_several"),
    Mutant("two webhooks share their ids", "webhooks/receive.py", 'named = f"{arrival.source}-{own}"', 'named = f"{own}"',
           WEBHOOKS, "unique_within"),
    Mutant("a bad row costs its list", "webhooks/receive.py", "intake = judge(events, None, arrival, rules)",
           "intake = judge([] if first_fault else events, None, arrival, rules)", WEBHOOKS, "costs_no_other"),
    Mutant("an unread body keeps private fields", "webhooks/unread.py", "value = clean({part: value}).get(part, {})",
           "pass", WEBHOOKS, "privacy"),
    Mutant("an unread body is about nobody", "ingest/rules.py", "return [*named, *_texts_in(raw[UNREAD])] if UNREAD in raw else named",
           "return named", WEBHOOKS, "every_id"),
    Mutant("each update of an answer counts", "webhooks/vendors/answers.py",
           'own_id("delighted", first(answered, "id"))', 'own_id("delighted", first(body, "event_id"))', VENDORS, "counts_once"),
    # the page
    Mutant("a headline counts open days", "page/counts.py", "whole, newest = self.open_from - 1, self.newest",
           "whole, newest = len(self.days) - 1, self.newest", COUNTS, "28_complete_days"),
    Mutant("few people are compared", "page/counts.py", "if before is None or now.is_few or before.is_few:",
           "if before is None:", COUNTS, "few_people"),
    Mutant("a name is not escaped", "page/markup.py", "return escape(str(part), quote=False)", "return str(part)", DRAWN,
           "stays_a_name"),
    Mutant("a cell of a figure's CSV may be a formula", "page/figures/card.py", "csv_text(str(value))", "str(value)",
           DRAWN, "as_a_formula"),
    Mutant("a value that few people have is shown", "page/read.py", "if count >= FEW and", "if count >= 1 and", EXAMPLE_PAGE,
           "fewer_than_twenty"),
    Mutant("the page of an older day replaces the newest", "page/job.py",
           "if day < newest:", "if False:", EXAMPLE_PAGE, "keeps_its_page"),
    Mutant("the morning takes a usual change of a count for news", "page/chance.py",
           "max(variance(past), least_variance)", "least_variance", COMPARED, "periods_before_it_varied"),
    Mutant("the morning compares numbers without Holm's correction", "page/today.py",
           "    corrected = holm([number.p for number in numbers])\n    tested", "    corrected = [number.p for number in numbers]\n    tested",
           COMPARED, "one_morning_in_a_hundred"),
    Mutant("overlapping days are compared with another day of the week", "page/counts.py",
           'return whole_weeks(self.window) if self.overlaps and self.period == "day" else self.window', "return self.window",
           COMPARED, "same_day_of_the_week"),
    Mutant("an experiment is decided anew each day", "families/experiment_statistics.py",
           "if decided is None and _is_decided(compared):", "if _is_decided(compared):", STATISTICS, "plan_is_reached_stays"),
    # assistants
    Mutant("an assistant sees values that few people have", "ask/results.py",
           "for (s, v), count in people.items() if count >= FEWEST_PEOPLE]", "for (s, v), count in people.items()]",
           ASK, "few_people_have"),
    Mutant("an unfinished period is read", "ask/periods.py", "if last > complete_to and", "if False and", ASK,
           "unfinished_period"),
    Mutant("rows that overlap are read as if they added up", "ask/periods.py",
           "if days_between(first, last) not in (1, window):", "if False:", ASK, "never_added_up"),
    Mutant("periods that share days are compared", "ask/periods.py",
           "if now.first <= before.last and before.first <= now.last:", "if False:", ASK, "share_days"),
    Mutant("a changed definition is answered with its old numbers", "ask/results.py",
           "reach is not None and reach.versions.get(name) == self.project.version(family, name)",
           "reach is not None", ASK, "changed_definition"),
    Mutant("a query reads every table", "engine/one_select.py",
           "if not is_plain or name.lower() not in self._tables:", "if not is_plain:", ONE_SELECT, "anything_else"),
    Mutant("a `with` name hides the table that it reads", "engine/one_select.py",
           'self.walk(name["value"], named)', 'self.walk(name["value"], named | {name["key"].lower()})',
           ONE_SELECT, "anything_else"),
    Mutant("a query calls every function", "engine/one_select.py", "if name.lower() not in allowed or len(",
           "if len(", ONE_SELECT, "anything_else"),
    # goals and alerts
    Mutant("an alert compares with 21 days", "watch/looks.py", "NOW_DAYS, BEFORE_DAYS = 7, 28",
           "NOW_DAYS, BEFORE_DAYS = 7, 21", LOOKS, "28_before_them"),
    Mutant("an alert speaks of any size of change", "watch/looks.py",
           "which if abs(change) >= alert.smallest_change and which", "which if which", LOOKS, "certain_but_small"),
    Mutant("an alert speaks of chance", "watch/looks.py", "one.p >= alert.likelihood", "one.p >= 1", LOOKS, "may_be_chance"),
    Mutant("the spread of past weeks widens nothing", "watch/chance.py", "z[0] / widened", "z[0]", LOOKS, "spread_of_the_weeks"),
    Mutant("the values of segments are not corrected", "watch/looks.py", "p=corrected.get(group, one.p)", "p=one.p",
           LOOKS, "corrected_by_holm"),
    Mutant("an alert reads open rows", "watch/series.py", "(point := self.points.get(last)) and point.complete]",
           "(point := self.points.get(last))]", LOOKS, "open_rows"),
    Mutant("an episode has no hysteresis", "watch/episodes.py", "near = alert.smallest_change / 2",
           "near = alert.smallest_change", EPISODES, "hysteresis"),
    Mutant("the end of a fall is spoken of as a rise", "watch/episodes.py",
           "and not _is_return(watched.alert, mine, group, one, morning)", "", EPISODES, "not_spoken_of_as_a_rise"),
    Mutant("a final answer is measured again", "watch/goals.py", "if last and last.state in (MET, MISSED):",
           "if last and last.state in ():", GOALS, "final_answer"),
    Mutant("a goal ignores the interval", "watch/goals.py", "if interval and interval[0] <= needed <= interval[1]:",
           "if interval and interval[0] <= needed <= interval[0]:", GOALS, "churn_times_and_tickets"),
    Mutant("a goal's line is read on one day", "watch/goals.py", "sum(shares) / len(shares)", "shares[-1]", GOALS,
           "on_its_line"),
    Mutant("a repeated morning ends what it has opened", "watch/episodes.py", "if episode.opened == morning:", "if False:",
           WATCH, "does_not_take_back"),
    Mutant("an alert looks at values that few people have", "watch/looks.py",
           "if group == EVERYBODY or _has_enough(alert, one, known)", "", LOOKS, "fewer_than_20_have"),
    Mutant("what was settled is told as recovered", "watch/episodes.py", '"ending": SETTLED', '"ending": RECOVERED', EPISODES,
           "as_the_new_level"),
    # the far edge of windows
    Mutant("activation's window excludes its far edge", "metrics/inputs/outcomes.sql",
           "m.at_us <= s.ends_us", "m.at_us < s.ends_us", WORKED, "test_60_of_100"),
    Mutant("a funnel's window excludes its far edge", "families/completion_attempts.py",
           "and e.nth = b.earlier + 1{taken}\n    where e.at_us <= w.until_us",
           "and e.nth = b.earlier + 1{taken}\n    where e.at_us < w.until_us", EDGES, "funnels_window"),
    Mutant("a strict funnel's window excludes its far edge", "families/completion_strict.py",
           "n.at_us <= w.at_1 +", "n.at_us < w.at_1 +", EDGES, "funnels_window"),
    Mutant("the window of a funnel in any order excludes its far edge", "families/completion_attempts.py",
           "and e.nth = n.nth\n    where e.at_us <= w.until_us", "and e.nth = n.nth\n    where e.at_us < w.until_us",
           EDGES, "funnels_window"),
    Mutant("time to value's window excludes its far edge", "families/time_to_value.sql",
           "m.at_us <= p.started_us + p.window_us", "m.at_us < p.started_us + p.window_us", EDGES, "time_to_value"),
    Mutant("exactly 24 hours is not within 24 hours", "families/time_to_value.sql",
           "micros <= 86400000000 then", "micros < 86400000000 then", EDGES, "time_to_value"),
    # starts and entries
    Mutant("the newest start counts instead of the first ever", "export/sql/merged_seen.sql",
           "min(first_at) as first_at", "max(first_at) as first_at", WORKED, "two_years_ago"),
    Mutant("every start makes a person new again", "families/retention.py",
           'entry = "entry" if', 'entry = "again" if', WORKED, "two_years_ago"),
    Mutant("a merged month is not read", "export/merge.py",
           "list(run.store.local([*last, *days.values()], run.work)", "list(run.store.local(days.values(), run.work)",
           WORKED, "two_years_ago"),
    Mutant("any entry opens a window, not only the first", "families/funnel.py",
           '" and e.at_us = s.started_us" if entry == "first" else ""', '""', EDGES, "first_entry"),
    Mutant("only the first entry opens a window, not any", "families/funnel.py",
           '" and e.at_us = s.started_us" if entry == "first" else ""', '" and e.at_us = s.started_us"',
           EDGES, "first_entry"),
    # copying an hour, and its expiry
    Mutant("the log of an hour is written without a note", "export/arrivals.py",
           "    if waiting:\n        expiry.note(hour)\n", "", EXPIRY, "noted_before"),
    Mutant("an item expires a week after its copy, not a month after its hour", "export/expiry.py",
           "max(hour + timedelta(hours=1) + KEPT, self._now + KEPT_AFTER_COPY)", "self._now + KEPT_AFTER_COPY",
           EXPIRY, "thirty_days"),
    Mutant("an item that was copied late expires at once", "export/expiry.py",
           "max(hour + timedelta(hours=1) + KEPT, self._now + KEPT_AFTER_COPY)", "hour + timedelta(hours=1) + KEPT",
           EXPIRY, "thirty_days"),
    Mutant("the note of an hour goes although items are left", "export/expiry.py",
           "            if not left:\n", "            if True:\n", EXPIRY, "note_stays"),
    Mutant("the parts of an hour are joined in another order", "export/arrivals.py",
           "pool.map(_read_part, parts, folders), whole", "reversed(list(pool.map(_read_part, parts, folders))), whole",
           EXPIRY, "end_to_end"),
    Mutant("the workplace of a live process is cleared", "engine/database.py",
           "            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)\n", "",
           "tests/unit/engine/test_database.py", "dead_processes"),
    # imports of files
    Mutant("a log of an import is read that has no note yet", "export/events.py",
           "if hours is None or not keys.is_imported(key) or keys.log_in(key) in hours]", "]", IMPORTS, "in_the_middle"),
    Mutant("the note of an import goes as soon as a manifest holds its log", "export/job.py",
           "if n.log in known and n.at + HOUR <= now)", "if n.log in known)", IMPORTS, "slower_export"),
    Mutant("an import is taken up on a day that has not begun", "export/job.py",
           "if missing and midnight(arrived) <= end:", "if missing:", IMPORTS, "has_not_begun"),
    Mutant("whoever is forgotten while an import writes stays in it", "files/importing.py",
           "if self._forgotten() == rules.forgotten:", "if True:", IMPORTS, "who_is_forgotten_while"),
    Mutant("forget leaves the note of an import as it was", "people/forget.py",
           "if (contents := _contents_for(note.contents, frames, rejects)) != note.contents:",
           "if (contents := note.contents) != note.contents:", IMPORTS, "person_is_forgotten"),
    Mutant("an import writes again what has a note", "files/importing.py",
           "if arrived and ((arrived, log) in self._noted or log in self._events_of(arrived)):",
           "if arrived and log in self._events_of(arrived):", IMPORTS, "second_import"),
    # rebuilding after an arrival day changed
    Mutant("later days that may hold an event of a changed day are not rebuilt", "export/job.py",
           "            self._note_followers(manifest, left)", "            pass", EXPORT, "followed_too"),
    Mutant("a day that must follow is rebuilt only if something arrived on it", "export/job.py",
           "and not day.again and", "and", EXPORT, "followed_too"),
    Mutant("a date that lost its last event is not counted again", "export/job.py",
           "*(before.days if before else ())", "", EXPORT, "loses_its_last"),
    Mutant("a project day has only one UTC date", "export/job.py",
           "for overlapped in calendar.utc_dates(day) if overlapped in dates", "if day in dates",
           EXPORT, "loses_the_events and York"),
    Mutant("only months up to the arrival day are merged", "export/job.py",
           "max(arrived, last.arrived) if last else arrived)", "arrived)", EXPORT, "older_month"),
    Mutant("files of a killed first run stay", "export/job.py",
           "before.objects) if before else self._left_by_killed_run(arrived)", "before.objects) if before else []",
           EXPORT, "killed_first_run"),
    Mutant("months are merged before the memberships they need", "export/merge.py",
           "for table, (day_table, _) in MERGED.items():", "for table, (day_table, _) in reversed(MERGED.items()):",
           ACCOUNTS, "reaches_every_later_month"),
    Mutant("traits of two ids of one person lose alternating values", "export/sql/merged_traits.sql",
           "    o.id is not null\n    or row_number", "    row_number", IDENTITY, "whichever_id_said_it"),
    # computing again
    Mutant("the days of late events are not computed again", "metrics/changes.py",
           "touched = {d for manifest in manifests for d in manifest.days}", "touched: set[date] = set()",
           DAYS, "late_event_restates"),
    Mutant("a run that begins inside a month loses the rows before", "metrics/result.py",
           "    _add_earlier_rows(run, computation, stored)\n", "", MONTHS, "keeps_the_rows_before"),
    Mutant("a row that is computed again is kept as well", "metrics/result.py",
           "where r.{day} < f.first", "where r.{day} <= f.first", MONTHS, "keeps_the_rows_before"),
    Mutant("only a part of the results by day is moved", "metrics/job.py",
           "since = EPOCH if moving else changed_from", "since = changed_from", MONTHS, "moved_once"),
    Mutant("a month without rows keeps its object", "metrics/result.py",
           "    run.store.delete(s.key for s in stored if s.key not in files and _is_computed(s.key, computation))\n", "",
           MONTHS, "rows_are_gone"),
    Mutant("a new link recomputes nothing", "metrics/changes.py",
           "        from_new_links(run, since, day),\n", "", DAYS, "end_of_a_chain"),
    Mutant("traits of a device from before its link recompute nothing", "metrics/changes.py",
           "        _first_seen(run, day, ids, connected=True),\n", "        day,\n", IDENTITY, "a_role_of_a_device"),
    Mutant("a user's trait recomputes nothing under their other ids", "metrics/changes.py",
           "return _first_seen(run, day, ids, connected=True)",
           "return _first_seen(run, day, ids, connected=False)", IDENTITY, "a_role_of_the_user"),
    Mutant("a late group call recomputes nothing", "metrics/changes.py",
           "        from_new_memberships(run, family, since, day),\n", "", ACCOUNTS, "late_group_call"),
    # days, weeks, hours
    Mutant("calendar periods last 24 hours", "families/retention.py",
           '] = "calendar"', '] = "24h"', DAYS, "before_midnight"),
    Mutant("24-hour periods follow the calendar", "families/retention.sql",
           "m.at_us - c.started_us as after_us",
           "(m.at_us // 86400000000 - c.started_us // 86400000000) * 86400000000 as after_us", EDGES, "clock"),
    Mutant("exact times are cut to full hours", "families/retention.sql",
           "m.at_us - c.started_us as after_us",
           "(m.at_us // 3600000000 - c.started_us // 3600000000) * 3600000000 as after_us", EDGES, "clock"),
    Mutant("hours are those of UTC", "engine/calendar.py",
           "shown = at + self._offset(at)", "shown = at", FOUND, "full_hours_of_its_zone"),
    Mutant("a day that never was is counted", "engine/calendar.py",
           "if b - a > timedelta(hours=20)", "if b - a > timedelta(hours=30)", FOUND, "never_was"),
    Mutant("the timezone is ignored", "engine/calendar.py",
           "return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)",
           "return datetime.combine(day, time(), tzinfo=UTC)", DAYS, "before_midnight"),
    Mutant("the week starts on the wrong day", "engine/calendar.py", '"sunday": 4', '"sunday": 3', EDGES, "sunday"),
    Mutant("every day has 24 hours, also when the clocks change", "engine/calendar.py",
           "return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)",
           "midnight = datetime.combine(day, time(), tzinfo=zone)\n"
           "    return midnight.replace(tzinfo=UTC) - (midnight.utcoffset() - midnight.dst())", EDGES, "23_hours"),
    # identities
    Mutant("identify and alias calls are ignored", "metrics/inputs/person_of.sql",
           "where id <> user_id", "where false", DAYS, "two_devices"),
    Mutant("alias calls are ignored", "export/sql/identities.sql", "type = 'alias'", "type = 'none'", DAYS, "along_a_chain"),
    Mutant("only one link of a chain of aliases is followed", "metrics/persons.py", "_ROUNDS = 16", "_ROUNDS = 0",
           DAYS, "along_a_chain"),
    Mutant("links between users are not followed", "metrics/persons.py", "    if links:", "    if False:",
           FOUND, "ring_of_aliases"),
    Mutant("two people who have both signed in are joined", "metrics/persons.py",
           "if not self.merge_signed_in and", "if self.merge_signed_in and", FOUND, "both_signed_in"),
    Mutant("an alias signs somebody in", "metrics/persons.py", "if link.said_by == SaidBy.IDENTIFY and", "if",
           "tests/unit/metrics/test_persons.py", "second_reference"),
    Mutant("the days that wait are rebuilt oldest first, however often they were tried", "export/job.py",
           "day.tries, day.arrived", "day.arrived", "tests/lake/export/test_stuck_days.py", "kills_its_run_holds_up"),
    Mutant("a goal keeps its own window", "families/experiment.py",
           'update={"window": ENDLESS}', "update={}", FOUND, "goal"),
    Mutant("a shared browser belongs to its last user, not its first", "metrics/inputs/person_of.sql",
           "arg_min(user_id, row(linked_at, said_by <> 'identify', user_id))", "arg_max(user_id, row(linked_at, said_by <> 'identify', user_id))",
           DAYS, "shared_browser"),
    Mutant("events from before a person joined an account are ignored", "metrics/inputs/by_person_and_account.sql",
           "coalesce(n.account, m.account, f.account)", "coalesce(n.account, m.account)", EDGES, "member"),
    # at_least
    Mutant("retention ignores at_least", "families/retention.sql",
           "u.uses >= d.at_least", "u.uses >= 1", EDGES, "often_enough"),
    Mutant("activation ignores at_least", "metrics/inputs/outcomes.sql",
           "where nth = at_least", "where nth = 1", EDGES, "often_enough"),
    Mutant("adoption ignores at_least", "families/adoption.sql",
           "sum(a.uses) >= d.at_least and", "sum(a.uses) >= 1 and", EDGES, "often_enough"),
    Mutant("adoption ignores at_least_days", "families/adoption.sql",
           "count(*) >= d.at_least_days", "count(*) >= 1", EDGES, "often_enough"),
    # open windows and periods
    Mutant("people whose window is open are in the denominator", "metrics/inputs/outcome_counts.sql",
           "sum(o.finished) as finished", "count(*) as finished", WORKED, "too_young_are_in_neither"),
    Mutant("an open cohort is called complete", "metrics/inputs/outcome_counts.sql",
           "then 'complete' else 'open' end", "then 'complete' else 'complete' end", WORKED, "too_young_are_in_neither"),
    Mutant("a rate is shown before the window has ended", "metrics/inputs/outcome_counts.sql",
           "case when c.is_over = 1 and c.finished = c.people then cast(c.reached as double) / cast(c.finished as double)",
           "case when 1 = 1 then cast(c.reached as double) / cast(c.people as double)",
           WORKED, "too_young_are_in_neither"),
    Mutant("a window ends an instant too early", "metrics/inputs/outcomes.sql",
           "s.started_us + d.window_us < r.until_us", "s.started_us + d.window_us <= r.until_us",
           EDGES, "not_known_yet"),
    Mutant("retention is final while the period is still open", "families/retention.sql",
           "case when t.ends_us <= r.until_us and", "case when t.begins_us <= r.until_us and", EDGES, "clock"),
    Mutant("summaries include open cohorts", "families/retention.summary.sql",
           "where r.status = 'complete' or", "where r.status <> 'none' or", PEERS, "ret-38"),
    # events
    Mutant("a second copy on the same day is kept", "export/sql/dropped.sql", "where nth > 1", "where nth > 9",
           EDGES, "three_times"),
    Mutant("a copy from an earlier day is kept", "export/sql/dropped.sql",
           "e.message_id = a.message_id;", "e.message_id = 'none';", EXPORT, "each_retry_again"),
    Mutant("one event counts for two steps", "families/completion_attempts.py",
           "b.earlier + 1{taken}", "b.earlier + 1", EDGES, "one_event_serves_one_step"),
    Mutant("one event counts for two steps that overlap", "families/competing_steps.py",
           "+ case when w.at_{n} = {at}.at_us then 1 else 0 end", "+ 0", EDGES, "steps_overlap"),
    Mutant("steps that overlap do not compete", "families/competing_steps.py",
           "waiting.extend(grown(contest))", "pass", EDGES, "names_in_common"),
    Mutant("a strict funnel lets other things happen between its steps", "families/completion_strict.py",
           "n.moment = w.moment + 1", "n.moment > w.moment", EDGES, "not_between_steps"),
    Mutant("exclusions are ignored", "families/completion_attempts.py",
           "where w.at_{exclusion.after} is not null", "where 1 = 0 and w.at_{exclusion.after} is not null",
           EDGES, "exclusion"),
    Mutant("an excluding event after the last step excludes", "families/completion_attempts.py",
           "and (e.at_us < w.at_{before} or", "and (1 = 1 or", EDGES, "exclusion"),
    # segments
    Mutant("people without the trait are in no segment", "metrics/inputs/segments.sql",
           "left join by_trait as t", "inner join by_trait as t", WORKED, "unset_is_one"),
    Mutant("the latest trait counts, not the one at the start", "metrics/inputs/segments.sql",
           "where g.at = 'latest' or", "where 1 = 1 or", WORKED, "unset_is_one"),
    Mutant("the trait at the start counts, not the latest", "metrics/inputs/segments.sql",
           "where g.at = 'latest' or", "where 1 = 0 or", WORKED, "unset_is_one"),
    # surveys
    Mutant("an answer off the scale counts", "families/survey.sql",
           "case when a.number >= d.lowest and a.number <= d.highest and", "case when", EDGES, "off_the_scale"),
    Mutant("an answer of half a point counts", "families/survey.sql",
           " and a.number = floor(a.number)", "", EDGES, "off_the_scale"),
    Mutant("passives count as promoters", "families/survey.py", '"nps": (0, 10, 6, 9)', '"nps": (0, 10, 6, 7)',
           EDGES, "off_the_scale"),
    # clocks
    Mutant("a batch that waited is taken for one from a slow clock", "ingest/clocks.py",
           " and _library(context) in STAMPED_AT_EACH_TRY", "", EVENT, "waited_since"),
    Mutant("a slow clock is never corrected", "ingest/clocks.py",
           "_library(context) in STAMPED_AT_EACH_TRY", "False", EVENT, "wrong_clock"),
    Mutant("a clock that runs ahead is believed", "ingest/clocks.py",
           "late < -SKEW_TOLERANCE or ", "", EVENT, "runs_ahead"),
    # statistics
    Mutant("Kaplan-Meier does not censor", "families/time_to_value.sql",
           "else p.age_us", "else p.window_us", WORKED, "kaplan_meier"),
    Mutant("Holm's correction is not applied", "families/experiment_statistics.py",
           "p * (len(known) - nth)", "p", EDGES, "holm"),
    Mutant("Holm's correction ignores the order", "families/experiment_statistics.py",
           "max(highest, min(1.0, p * (len(known) - nth)))", "min(1.0, p * (len(known) - nth))", EDGES, "holm"),
    Mutant("people who saw two variants are counted", "families/experiment.sql",
           "case when p.second_us < y.known_us then 1 else 0 end as in_several", "0 as in_several",
           EDGES, "two_variants"),
    Mutant("a goal from before the exposure counts", "families/experiment.sql",
           "case when p.reached_us < p.exposed_us then 1 else 0 end as reached_before", "0 as reached_before",
           EDGES, "two_variants"),
    # views of what is final
    Mutant("a view shows a week that is not over", "metrics/sql/complete_weeks.sql",
           " and (is_own_period or newest_day >= first_day + interval '6' day)", "", VIEWS, "not_over"),
    Mutant("a view hides an open week only from the segment values that are open", "metrics/sql/complete_weeks.sql",
           "over (partition by {together}, first_day)", "over (partition by {together}, first_day, segment_value)",
           VIEWS, "open_day"),
    Mutant("a view gives an NPS survey a CSAT", "metrics/views.py",
           "case when count({identifier(ratio.column)}) > 0", "case when count(*) > 0", VIEWS, "does_not_add_up"),
    # lists
    Mutant("a list's oldest instant is not in `between`", "lists/on_list.sql",
           "m.at_us >= r.from_us", "m.at_us > r.from_us", ON_LISTS, "both_bounds"),
    Mutant("a list's newest instant is a microsecond too late", "lists/asked.py",
           "known_us = micros(until - _KNOWN_LAST)", "known_us = micros(until)", ON_LISTS, "both_bounds"),
    Mutant("an event at the instant of the start keeps nobody off a list", "lists/on_list.sql",
           "n.at_us >= s.start_us", "n.at_us > s.start_us", ON_LISTS, "since_start"),
    Mutant("the event that puts people on a list takes them off it", "lists/on_list.sql",
           "\n        and n.event_key <> s.event_key", "", ON_LISTS, "does_not_take_them_off"),
    Mutant("the first of the quiet days does not count", "lists/on_list.sql",
           "a.day_number >= r.not_first_day_number", "a.day_number > r.not_first_day_number", ON_LISTS, "quiet_time"),
    Mutant("a list of the running day knows what is later than the run", "lists/on_list.sql",
           "epoch_us(a.first_at) < u.until_us", "true", OVER_TIME, "hourly_lists_know"),
    Mutant("a person whose link arrives leaves and enters", "lists/members.py",
           "owners.get(member.id, member.id)", "member.id", OVER_TIME, "moves_as_one"),
    Mutant("a link moves people to the other group", "lists/members.py",
           "is_held_out(name, key, listed.holdout)", "is_held_out(name, person, listed.holdout)", OVER_TIME, "keep_their_group"),
    Mutant("a forgotten person comes on a list", "lists/members.py",
           "if not self._is_forgotten(self._lists[name], person):", "if True:", OVER_TIME, "forgotten_person"),
    Mutant("a list that was left unfinished is never finished", "lists/job.py",
           "if state and not state.finished:", "if False:", OVER_TIME, "killed_at_any_write"),
    Mutant("an entry that is stored again is another event", "lists/entries.py",
           "made_at.isoformat()]", "received_at.isoformat()]", OVER_TIME, "killed_at_any_write"),
    Mutant("Daybreak's own events make people active", "engine/conditions.py",
           " and not is_own", "", "tests/lake/export/test_own_events.py", "make_nobody_active"),

    # sending
    Mutant("a message's id depends on its numbers", "send/messages.py",
           "row.subject, row.number,", "row.subject, row.now,", NEWS, "the_same_news"),
    Mutant("a message that its target cannot take is tried first again", "send/outbox.py",
           "key=lambda each: (each.tries, each.message.time,", "key=lambda each: (each.message.time,",
           SENDING, "no_message_waits"),
    Mutant("the signature of a message leaves out its id", "send/webhook.py",
           'f"{message_id}.{timestamp}.".encode()', 'f"{timestamp}.".encode()', WEBHOOK, "signature_is_that"),
    Mutant("an answer that breaks off in its headers counts as a message delivered", "send/webhook.py",
           "if expired.is_set():", "if False:", WEBHOOK, "does_not_come_to_an_end"),
    Mutant("a message waits for no one who asks for time", "send/job.py",
           "self.sleep(max(wait, asked))", "self.sleep(wait)", SENDING, "asks_for_time"),
]  # fmt: skip


class InvalidMutant(Exception):
    """The mutant proves nothing: its text is not in the file exactly once, or its copy cannot run the tests."""


def killed_by(mutant: Mutant) -> str | None:
    """The test that failed, or None if the mutant survived. Raises InvalidMutant."""
    with tempfile.TemporaryDirectory(prefix="daybreak-mutant-") as folder:
        copy = Path(folder).resolve()
        copy_to(copy)
        replace(copy / "shared/daybreak" / mutant.file, mutant)
        return verdict(mutant, *run(copy, mutant))


def copy_to(copy: Path) -> None:
    """Copy the files that the tests need. Compiled files keep their times, which saves a second each run."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=INSTALLED)
        else:
            shutil.copy2(ROOT / name, copy / name)
    (copy / "only_the_copy.py").write_text(_PLUGIN)


_PLUGIN = '''
"""Fails if pytest tested another package than the copy beside this file."""

from pathlib import Path


def pytest_sessionfinish():
    import daybreak

    here = Path(__file__).resolve().parent
    assert here in Path(daybreak.__file__).resolve().parents, f"{daybreak.__file__} is not the copy in {here}"
'''


def replace(file: Path, mutant: Mutant) -> None:
    text = file.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise InvalidMutant(f"{mutant.name}: {mutant.file} has this text {text.count(mutant.old)} times: {mutant.old}")
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")


def run(copy: Path, mutant: Mutant) -> tuple[int, str]:
    """Run the tests on the copy in a process of their own: pytest's exit code and output."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(PRELOADED)
    process = server.Process(target=run_here, args=(copy, mutant.tests, mutant.named))
    process.start()
    process.join()
    return process.exitcode or 0, (copy / OUTPUT).read_text(encoding="utf-8")


PRELOADED = ["duckdb", "mpmath", "orjson", "pydantic", "pytest", "_pytest.assertion.rewrite", "zoneinfo"]
"""Modules that take longest to load and do not belong to the product: loaded once, for all processes."""
OUTPUT = "output.txt"


def run_here(copy: Path, tests: str, named: str) -> None:
    """In a new process: import only from the copy, run pytest there and exit with its code.

    Plugins and fixtures are off: these tests do not use them, and they take longer to load than the tests to run.
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
    """True if this project's modules would be imported from there. Its environment is inside it, and is kept."""
    place = Path(path).resolve()
    return place == ROOT or place in (ROOT / "shared", ROOT / "tests") or ROOT / "tests" in place.parents


def verdict(mutant: Mutant, code: int, output: str) -> str | None:
    if code == 0:
        return None
    found = re.search(r"^FAILED \S+?::(\S+)(?: - (assert|AssertionError))?", output, re.MULTILINE)
    if code != 1 or not found or not found[2]:
        raise InvalidMutant(f"{mutant.name}: the copy cannot run the tests\n{output}")
    return found[1]


def main(words: Iterable[str]) -> int:
    """Print the table and return the number of mutants that survived."""
    chosen = [m for m in MUTANTS if not words or any(word in m.name for word in words)]
    survived = 0
    for mutant in chosen:
        test = killed_by(mutant)
        survived += test is None
        print(f"{mutant.name:<62} {mutant.file:<42} {test or 'SURVIVED'}", flush=True)
    print(f"{len(chosen) - survived} of {len(chosen)} mutants killed")
    return survived


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
