"""The rows that the example product's tables must hold, counted from the decisions: no event, no SQL.

Slow and plain on purpose: one function a family, over what each person did and when. Rows hold the columns of the
family's table, without `version` and `event`, and without p values and intervals.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction

from daybreak.example.decisions import AS_OF, DAY, HOUR, SECOND, Person
from daybreak.example.facts import (
    ANY,
    MICROSECOND,
    UNTIL,
    Actor,
    Row,
    accounts_of,
    begins,
    cohorts_of,
    day_of,
    days_from,
    first_day,
    has_begun,
    has_passed,
    is_finished,
    next_first,
    periods_from,
    persons_of,
    previous_first,
    rate,
    seconds,
    split,
    starts_of,
    status,
)

WEEK = timedelta(days=7)
NPS, EFFORT, SATISFACTION = "nps", "effort", "satisfaction"


def expected(people: list[Person]) -> dict[tuple[str, str], list[Row]]:
    """(family, definition) -> every row of its table."""
    persons, accounts = persons_of(people), accounts_of(people)
    by_sign_up = ["role", "company_size", "invited"]
    saved, ran, invited = "Workflow Saved", "Workflow Run", "Colleague Invited"
    rows_of = {
        ("activation", "first_workflow"): activation(persons, [saved], DAY, by_sign_up),
        ("activation", "two_workflows"): activation(persons, [saved], DAY, by_sign_up, at_least=2),
        ("activation", "email_verified"): activation(persons, ["Email Verified"], WEEK, by_sign_up),
        ("activation", "set_up"): activation(persons, ["Connection Added", saved], WEEK, ["role_now"]),
        ("activation", "any_sign_of_life"): activation(
            persons, ["Connection Added", invited], 3 * DAY, [], is_one_enough=True
        ),
        ("activation", "first_run"): activation(persons, [ran], WEEK, []),
        ("activation", "invited_before_workflow"): activation(
            persons, [invited], 14 * DAY, ["role", "invited"], before="Workflow Started"
        ),
        ("activation", "account_first_run"): activation(accounts, [ran], WEEK, ["plan", "invited"]),
        ("time_to_value", "account_first_run"): time_to_value(accounts, 28 * DAY, 14 * DAY, ["plan", "account"]),
        ("time_to_value", "first_run"): time_to_value(persons, 14 * DAY, 14 * DAY, by_sign_up),
        ("completion", "two_workflows"): completion(persons, ["Signed Up", saved, saved], DAY, ["invited"]),
        ("completion", "invited_only"): completion(
            persons, ["Signed Up", invited], 14 * DAY, ["role", "invited"], exclusion="Workflow Started"
        ),
        ("completion", "build_or_connect"): completion(
            persons, ["Signed Up", "Connection Added", "Workflow Started", saved], WEEK, by_sign_up
        ),
        ("completion", "save_workflow"): completion(persons, ["Workflow Started", saved], 2 * HOUR, ["role"]),
        ("completion", "checklist"): checklist(
            persons, ["Connection Added", "Guide Finished", invited], 14 * DAY, ["role"]
        ),
        ("retention", "daily"): retention(persons, ANY, "day", singles(14), ["role", "invited"]),
        ("retention", "daily_24h"): retention_24h(persons, 7),
        ("retention", "still_here"): retention(persons, ANY, "day", BRACKETS, ["company_size"], or_after=True),
        ("retention", "in_brackets"): retention(persons, ran, "day", BRACKETS, []),
        ("retention", "runs_again"): retention_recurring(persons, ran, 4, at_least=2),
        ("retention", "accounts_weekly"): retention(accounts, ran, "week", singles(6), ["plan"]),
        ("churn", "weekly"): churn(persons, "week", ["role", "company_size"]),
        ("churn", "accounts_monthly"): churn(accounts, "month", ["plan_now"], cancel="Subscription Cancelled"),
        ("lifecycle", "weekly"): lifecycle(persons, ANY, "week", ["role"]),
        ("lifecycle", "accounts_daily"): lifecycle(accounts, ran, "day", ["plan_now"]),
        ("adoption", "runs"): adoption(persons, ran, ANY, 28, "Signed Up", ["role", "company_size"]),
        ("adoption", "runs_regularly"): adoption(persons, ran, ANY, 7, ANY, [], at_least=3, at_least_days=2),
        ("adoption", "invitations"): adoption(accounts, invited, ran, 28, ran, []),
        ("breadth", "core"): breadth(persons, ["Connection Added", saved, ran, invited], 28, ["role"]),
        ("active_people", "people"): active_people(persons, ["role", "company_size"]),
        ("active_people", "accounts"): active_people(accounts, []),
        ("active_days", "two_weeks"): active_days(persons, ANY, 14, 1, ["role"]),
        ("active_days", "weeks_of_four"): active_days(persons, ran, 28, 7, []),
        ("conversion", "trial"): conversion(persons, ["role", "company_size"]),
        ("conversion", "account_trial"): conversion(accounts, []),
        ("survey", "nps"): survey(persons, NPS, "month", ["role"]),
        ("survey", "effort"): survey(persons, EFFORT, "week", []),
        ("survey", "satisfaction"): survey(persons, SATISFACTION, "month", ["company_size"]),
        ("support_load", "weekly"): support_load(persons, 14 * DAY, ["role"]),
        ("campaign", "invite_guide"): campaign(persons, "Guide Shown: invite", invited, 3 * DAY, ["role"]),
        ("campaign", "workflow_guide"): campaign(
            persons, "Guide Shown: workflow", "Workflow Started", DAY, ["role_now"]
        ),
        ("experiment", "onboarding"): experiment(persons, ["tour", "checklist"], ran, WEEK, planned=60),
    }
    return {(family, name): [{"definition": name, **row} for row in rows] for (family, name), rows in rows_of.items()}


# The families


def activation(
    actors: list[Actor],
    milestones: list[str],
    window: timedelta,
    segments: list[str],
    at_least: int = 1,
    is_one_enough: bool = False,
    before: str | None = None,
) -> list[Row]:
    """Signed up on a day: who reaches the milestones in the window, and before something else if that is named?"""
    starts = starts_of(actors, "Signed Up")
    rows = []
    for who, cohort, members in cohorts_of(actors, starts, "day", segments):
        finished = activated = so_far = 0
        for actor in members:
            start = starts[actor.name]
            stop = next((at for at in actor.did.get(before or "", []) if at >= start), None)
            times = [[at for at in actor.within(what, start, window) if not stop or at < stop] for what in milestones]
            done = [len(moments) >= at_least for moments in times]
            is_activated = any(done) if is_one_enough else all(done)
            if is_finished(start, window):
                finished += 1
                activated += is_activated
            else:
                so_far += is_activated
        is_complete = finished == len(members) and has_passed(next_first("day", cohort))
        rows.append(
            {
                **who,
                "status": status(is_complete),
                "cohort": cohort,
                "people": len(members),
                "finished": finished,
                "activated": activated,
                "activated_so_far": so_far,
                "rate": rate(activated, finished, is_complete),
            }
        )
    return rows


def conversion(actors: list[Actor], segments: list[str]) -> list[Row]:
    """Trials begun on a day: who upgrades within 14 days?"""
    starts = starts_of(actors, "Trial Started")
    window = 14 * DAY
    rows = []
    for who, cohort, members in cohorts_of(actors, starts, "day", segments):
        finished = [actor for actor in members if is_finished(starts[actor.name], window)]
        upgrades = {actor.name: actor.within("Upgraded", starts[actor.name], window) for actor in members}
        times = [upgrades[a.name][0] - starts[a.name] for a in members if upgrades[a.name]]
        converted = sum(bool(upgrades[actor.name]) for actor in finished)
        is_complete = len(finished) == len(members) and has_passed(next_first("day", cohort))
        rows.append(
            {
                **who,
                "status": status(is_complete),
                "cohort": cohort,
                "people": len(members),
                "finished": len(finished),
                "converted": converted,
                "converted_so_far": len(times) - converted,
                "rate": rate(converted, len(finished), is_complete),
                "median_seconds_to_upgrade": seconds(times),
            }
        )
    return rows


def campaign(actors: list[Actor], exposure: str, action: str, window: timedelta, segments: list[str]) -> list[Row]:
    """Shown something for the first time on a day: who acts in the window after it?"""
    starts = starts_of(actors, exposure)
    rows = []
    for who, cohort, members in cohorts_of(actors, starts, "day", segments):
        finished = acted = so_far = 0
        for actor in members:
            has_acted = bool(actor.within(action, starts[actor.name], window))
            if is_finished(starts[actor.name], window):
                finished += 1
                acted += has_acted
            else:
                so_far += has_acted
        is_complete = finished == len(members) and has_passed(next_first("day", cohort))
        rows.append(
            {
                **who,
                "status": status(is_complete),
                "cohort": cohort,
                "exposed": len(members),
                "finished": finished,
                "acted": acted,
                "acted_so_far": so_far,
                "only_saw": finished - acted,
                "rate": rate(acted, finished, is_complete),
            }
        )
    return rows


def time_to_value(actors: list[Actor], window: timedelta, never_after: timedelta, segments: list[str]) -> list[Row]:
    """Signed up in a week: how long until the first run?"""
    starts = starts_of(actors, "Signed Up")
    rows = []
    for who, cohort, members in cohorts_of(actors, starts, "week", segments):
        reached, waiting = [], []
        never = 0
        for actor in members:
            start = starts[actor.name]
            runs = actor.within("Workflow Run", start, window)
            if runs:
                reached.append(runs[0] - start)
            else:
                waiting.append(min(window, UNTIL - start))
                never += is_finished(start, never_after)
        are_finished = all(is_finished(starts[actor.name], window) for actor in members)
        rows.append(
            {
                **who,
                "status": status(are_finished and has_passed(next_first("week", cohort))),
                "cohort": cohort,
                "people": len(members),
                "reached": len(reached),
                "within_24h": sum(took <= DAY for took in reached),
                "days_1_to_3": sum(DAY < took < 3 * DAY for took in reached),
                "days_3_or_more": sum(took >= 3 * DAY for took in reached),
                "never": never,
                "too_young": len(waiting) - never,
                "p50_seconds": kaplan_meier(reached, waiting, Fraction(50, 100)),
                "p75_seconds": kaplan_meier(reached, waiting, Fraction(25, 100)),
                "p90_seconds": kaplan_meier(reached, waiting, Fraction(10, 100)),
                "median_of_reached_seconds": seconds(reached),
            }
        )
    return rows


def kaplan_meier(reached: list[timedelta], waiting: list[timedelta], left: Fraction) -> float | None:
    """The first time at which an estimated `left` of all or fewer are still waiting, in seconds."""
    share = Fraction(1)
    for took in sorted(set(reached)):
        still = sum(other >= took for other in reached) + sum(other >= took for other in waiting)
        share *= 1 - Fraction(reached.count(took), still)
        if share <= left:
            return took / SECOND
    return None


def completion(
    actors: list[Actor], steps: list[str], window: timedelta, segments: list[str], exclusion: str | None = None
) -> list[Row]:
    """Ordered steps from the first entry: how far does everybody get?"""
    starts = starts_of(actors, steps[0])
    walks = {a.name: walk(a, steps, starts[a.name], window) for a in actors if a.name in starts}
    left_out = {
        actor.name
        for actor in actors
        if exclusion and actor.name in starts and leaves(actor, exclusion, walks[actor.name], window)
    }
    return funnel(actors, len(steps), starts, walks, left_out, window, segments)


def walk(actor: Actor, steps: list[str], start: datetime, window: timedelta) -> list[datetime]:
    """When each step was reached: the earliest at or after the one before; each event serves one step."""
    reached = [start]
    for step in steps[1:]:
        moments = [at for at in actor.within(step, start, window) if at >= reached[-1]]
        for at, served in zip(reached, steps, strict=False):
            if served == step and at in moments:
                moments.remove(at)
        if not moments:
            break
        reached.append(moments[0])
    return reached


def leaves(actor: Actor, exclusion: str, walked: list[datetime], window: timedelta) -> bool:
    """True if the exclusion happens after the first of two steps and before the second, which may never come."""
    until = walked[1] if len(walked) > 1 else walked[0] + window + MICROSECOND
    return any(walked[0] <= at < until for at in actor.did.get(exclusion, []))


def checklist(actors: list[Actor], steps: list[str], window: timedelta, segments: list[str]) -> list[Row]:
    """Steps in any order: the first of any enters, and row n is about the n-th different one."""
    starts = {}
    walks = {}
    for actor in actors:
        entries = [at for step in steps if (at := actor.first(step)) is not None]
        if entries:
            starts[actor.name] = min(entries)
            firsts = [actor.within(step, min(entries), window)[:1] for step in steps]
            walks[actor.name] = sorted(at for first in firsts for at in first)
    return funnel(actors, len(steps), starts, walks, set(), window, segments)


def funnel(
    actors: list[Actor],
    steps: int,
    starts: dict[str, datetime],
    walks: dict[str, list[datetime]],
    left_out: set[str],
    window: timedelta,
    segments: list[str],
) -> list[Row]:
    """The rows of a funnel from how far everybody got; a walk is the times of the steps that were reached."""
    rows = []
    for who, cohort, members in cohorts_of(actors, starts, "day", segments):
        counted = [actor for actor in members if actor.name not in left_out]
        is_complete = all(is_finished(starts[actor.name], window) for actor in members)
        is_complete = is_complete and has_passed(next_first("day", cohort))
        for step in range(1, steps + 1):
            there = [walks[actor.name] for actor in counted if len(walks[actor.name]) >= step]
            stopped = [actor for actor in counted if len(walks[actor.name]) == step - 1]
            dropped = sum(is_finished(starts[actor.name], window) for actor in stopped)
            before = len(there) + len(stopped)
            times = [walked[step - 1] - walked[step - 2] for walked in there] if step > 1 else []
            rows.append(
                {
                    **who,
                    "status": status(is_complete),
                    "cohort": cohort,
                    "step": step,
                    "entered": len(counted),
                    "reached": len(there),
                    "excluded": len(members) - len(counted),
                    "dropped": dropped,
                    "in_progress": len(stopped) - dropped,
                    "rate_of_start": rate(len(there), len(counted), is_complete),
                    "rate_of_previous": rate(len(there), before, is_complete),
                    "median_seconds_from_previous": seconds(times),
                    "average_seconds_from_previous": rate(sum(took / SECOND for took in times), len(times)),
                }
            )
    return rows


BRACKETS = [(1, 3), (4, 7), (8, 14)]


def singles(periods: int) -> list[tuple[int, int]]:
    """Each period alone."""
    return [(number, number) for number in range(1, periods + 1)]


def retention(
    actors: list[Actor],
    back: str,
    period: str,
    spans: list[tuple[int, int]],
    segments: list[str],
    or_after: bool = False,
) -> list[Row]:
    """Signed up in a period: who is back in the ones after? Every span is its first and its last period."""
    starts = starts_of(actors, "Signed Up")
    rows = []
    for who, cohort, members in cohorts_of(actors, starts, period, segments):
        for number, (first, last) in enumerate([(0, 0), *spans]):
            opens, following = period_after(period, cohort, first), period_after(period, cohort, last + 1)
            if not has_begun(opens):
                break
            came = 0
            for actor in members:
                days = actor.days(back)
                came += number == 0 or any(opens <= day and (or_after or day < following) for day in days)
            rows.append(retention_row(who, cohort, number, (first, last), len(members), came, has_passed(following)))
    return rows


def retention_recurring(actors: list[Actor], event: str, weeks: int, at_least: int) -> list[Row]:
    """Did it in a week, whenever they began: who does it so often in the weeks after?"""
    rows = []
    cohorts = sorted({first_day("week", day) for actor in actors for day in actor.days(event)})
    for who, members in split(actors, []):
        for cohort in cohorts:
            there = [a for a in members if any(first_day("week", day) == cohort for day in a.days(event))]
            for number in range(weeks + 1):
                week = period_after("week", cohort, number)
                if not has_begun(week):
                    break
                came = sum(
                    number == 0 or sum(first_day("week", day) == week for day in actor.days(event)) >= at_least
                    for actor in there
                )
                is_complete = has_passed(next_first("week", week))
                rows.append(retention_row(who, cohort, number, (number, number), len(there), came, is_complete))
    return rows


def retention_24h(actors: list[Actor], periods: int) -> list[Row]:
    """Signed up on a day: who is back in each 24 hours from their own sign-up on?"""
    starts = starts_of(actors, "Signed Up")
    rows = []
    for who, cohort, members in cohorts_of(actors, starts, "day", []):
        for number in range(periods + 1):
            opens = [starts[actor.name] + number * DAY for actor in members]
            if min(opens) >= UNTIL:
                break
            came = sum(
                number == 0 or any(start <= at < start + DAY for at in actor.did[ANY])
                for actor, start in zip(members, opens, strict=True)
            )
            is_complete = max(opens) + DAY <= UNTIL and has_passed(next_first("day", cohort))
            rows.append(retention_row(who, cohort, number, (number, number), len(members), came, is_complete))
    return rows


def period_after(period: str, first: date, number: int) -> date:
    """The first day of the period that is `number` periods later."""
    for _ in range(number):
        first = next_first(period, first)
    return first


def retention_row(
    who: Row, cohort: date, number: int, span: tuple[int, int], people: int, came: int, is_complete: bool
) -> Row:
    """One row of a cohort's retention. In an open row, `retained` is null; `retained_so_far` is always known."""
    return {
        **who,
        "status": status(is_complete),
        "cohort": cohort,
        "cohort_starts_at": begins(cohort).replace(tzinfo=None),
        "period": number,
        "first_period": span[0],
        "last_period": span[1],
        "people": people,
        "retained": came if is_complete else None,
        "retained_so_far": came,
        "rate": rate(came, people, is_complete),
    }


def active_in(actors: list[Actor], event: str, period: str) -> dict[date, set[str]]:
    """Period -> who was active in it."""
    active: dict[date, set[str]] = {}
    for actor in actors:
        for day in actor.days(event):
            active.setdefault(first_day(period, day), set()).add(actor.name)
    return active


def churn(actors: list[Actor], period: str, segments: list[str], cancel: str | None = None) -> list[Row]:
    """Active in the period before: who is not active, or cancels, in this one?"""
    rows = []
    for who, members in split(actors, segments):
        active = active_in(members, ANY, period)
        cancels = active_in(members, cancel, period) if cancel else {}
        for this in periods_from(period, min(active, default=date.max)):
            before = active.get(previous_first(period, this), set())
            if not before:
                continue
            is_complete = has_passed(next_first(period, this))
            back = len(before & active.get(this, set()))
            cancelled = len(before & cancels.get(this, set())) if cancel else None
            rows.append(
                {
                    **who,
                    "status": status(is_complete),
                    "period_start": this,
                    "people": len(before),
                    "back": back,
                    "not_back": len(before) - back,
                    "churned": len(before) - back if is_complete else None,
                    "churn_rate": rate(len(before) - back, len(before), is_complete),
                    "cancelled": cancelled,
                    "cancel_rate": None if cancelled is None else rate(cancelled, len(before), is_complete),
                }
            )
    return rows


def lifecycle(actors: list[Actor], event: str, period: str, segments: list[str]) -> list[Row]:
    """Everybody active in a period is new, returning or resurrected; who was only there before is dormant."""
    rows = []
    for who, members in split(actors, segments):
        active = active_in(members, event, period)
        ever: set[str] = set()
        for this in periods_from(period, min(active, default=date.max)):
            now, before = active.get(this, set()), active.get(previous_first(period, this), set())
            if now | before:
                is_complete = has_passed(next_first(period, this))
                rows.append(
                    {
                        **who,
                        "status": status(is_complete),
                        "period_start": this,
                        "active_people": len(now),
                        "new_people": len(now - ever),
                        "returning_people": len(now & before),
                        "resurrected_people": len((now & ever) - before),
                        "not_back": len(before - now),
                        "dormant_people": len(before - now) if is_complete else None,
                    }
                )
            ever |= now
    return rows


def trailing(actors: list[Actor], event: str, days: int) -> Iterator[tuple[date, list[Actor]]]:
    """Each day from the first activity on, with those active in the days that end with it."""
    did = {actor.name: set(actor.days(event)) for actor in actors}
    first = min((day for of_one in did.values() for day in of_one), default=date.max)
    for day in days_from(first):
        active = [a for a in actors if any(is_in(one, day, days) for one in did[a.name])]
        if active:
            yield day, active


def is_in(day: date, last: date, days: int) -> bool:
    """True if a day is one of the `days` days that end with `last`."""
    return last - timedelta(days=days) < day <= last


def adoption(
    actors: list[Actor],
    feature: str,
    active: str,
    window: int,
    start: str,
    segments: list[str],
    at_least: int = 1,
    at_least_days: int = 1,
) -> list[Row]:
    """Active in the trailing days: who used the feature in them, and who for the first time ever on the day?"""
    rows = []
    for who, members in split(actors, segments):
        for day, there in trailing(members, active, window):
            users = 0
            firsts = []
            for actor in there:
                uses = [used for used in actor.days(feature) if is_in(used, day, window)]
                users += len(uses) >= at_least and len(set(uses)) >= at_least_days
                first = actor.first(feature)
                if first is not None and day_of(first) == day:
                    firsts.append((first, actor.first(start)))
            is_complete = has_passed(next_first("day", day))
            took = [first - began for first, began in firsts if began is not None and began <= first]
            rows.append(
                {
                    **who,
                    "status": status(is_complete),
                    "day": day,
                    "active_people": len(there),
                    "users": users,
                    "rate": rate(users, len(there), is_complete),
                    "first_users": len(firsts),
                    "median_seconds_to_first_use": seconds(took),
                }
            )
    return rows


def breadth(actors: list[Actor], features: list[str], window: int, segments: list[str]) -> list[Row]:
    """Active in the trailing days: how many different features did each use in them?"""
    rows = []
    for who, members in split(actors, segments):
        for day, there in trailing(members, ANY, window):
            used = [sum(any(is_in(one, day, window) for one in a.days(feature)) for feature in features) for a in there]
            is_complete = has_passed(next_first("day", day))
            rows.append(
                {
                    **who,
                    "status": status(is_complete),
                    "day": day,
                    "features": len(features),
                    "active_people": len(there),
                    "features_used": sum(used),
                    "features_per_person": rate(sum(used), len(there), is_complete),
                    "used_none": used.count(0),
                    "used_all": used.count(len(features)),
                }
            )
    return rows


def active_people(actors: list[Actor], segments: list[str]) -> list[Row]:
    """How many are active on the day, in its last 7 days and in its last 30?"""
    rows = []
    for who, members in split(actors, segments):
        for day, there in trailing(members, ANY, 30):
            dau, wau = (sum(any(is_in(one, day, n) for one in a.days(ANY)) for a in there) for n in (1, 7))
            is_complete = has_passed(next_first("day", day))
            rows.append(
                {
                    **who,
                    "status": status(is_complete),
                    "day": day,
                    "dau": dau,
                    "wau": wau,
                    "mau": len(there),
                    "dau_per_mau": rate(dau, len(there), is_complete),
                }
            )
    return rows


def active_days(actors: list[Actor], event: str, window: int, bucket: int, segments: list[str]) -> list[Row]:
    """On exactly how many days, or groups of days, of the trailing ones were people active?"""
    rows = []
    for who, members in split(actors, segments):
        for day, there in trailing(members, event, window):
            opens = day - timedelta(days=window - 1)
            days_of_each = [[one for one in actor.days(event) if is_in(one, day, window)] for actor in there]
            came = [len({(one - opens).days // bucket for one in days}) for days in days_of_each]
            is_complete = has_passed(next_first("day", day))
            rows += [
                {
                    **who,
                    "status": status(is_complete),
                    "day": day,
                    "active_days": exactly,
                    "people": came.count(exactly),
                    "active_people": len(there),
                    "share": rate(came.count(exactly), len(there), is_complete),
                }
                for exactly in range(1, window // bucket + 1)
            ]
    return rows


SCALES = {NPS: ("nps", 0, 10, 6, 9), EFFORT: ("ces", 1, 7, 3, 5), SATISFACTION: ("csat", 1, 5, 2, 4)}
"""Survey -> its scale, the lowest and the highest answer, the last low and the first high one."""


def survey(actors: list[Actor], name: str, period: str, segments: list[str]) -> list[Row]:
    """What was answered in a period?"""
    scale, lowest, highest, low_to, high_from = SCALES[name]
    rows = []
    for who, members in split(actors, segments):
        scores: dict[date, list[float | None]] = {}
        for actor in members:
            for at, asked, score in actor.answers:
                if asked == name and at <= AS_OF:
                    scores.setdefault(first_day(period, day_of(at)), []).append(score)
        for this, given in scores.items():
            counted = [s for s in given if s is not None and lowest <= s <= highest and s == int(s)]
            low, high = sum(s <= low_to for s in counted), sum(s >= high_from for s in counted)
            is_complete = has_passed(next_first(period, this))
            net = rate(100 * (high - low), len(counted), is_complete)
            rows.append(
                {
                    **who,
                    "status": status(is_complete),
                    "period_start": this,
                    "scale": scale,
                    "answers": len(counted),
                    "left_out": len(given) - len(counted),
                    "low": low,
                    "middle": len(counted) - low - high,
                    "high": high,
                    "mean": rate(sum(counted), len(counted)),
                    "high_share": rate(high, len(counted)),
                    "nps": net if scale == "nps" else None,
                    "ces_net": net if scale == "ces" else None,
                    "csat": rate(high, len(counted), is_complete) if scale == "csat" else None,
                }
            )
    return rows


AT_WORK = ["Workflow Started", "Workflow Saved", "Workflow Run"]


def support_load(actors: list[Actor], onboarding: timedelta, segments: list[str]) -> list[Row]:
    """Tickets of a week for each person at work in it, those who are onboarding apart."""
    rows = []
    for who, members in split(actors, segments):
        work: dict[str, set[date]] = {}
        tickets: dict[str, list[date]] = {}
        for actor in members:
            work[actor.name] = {first_day("week", day) for event in AT_WORK for day in actor.days(event)}
            tickets[actor.name] = [first_day("week", day) for day in actor.days("Ticket Opened")]
        weeks = {week for of_one in [*work.values(), *tickets.values()] for week in of_one}
        for this in weeks:
            is_complete = has_passed(next_first("week", this))
            people, opened = {True: 0, False: 0}, {True: 0, False: 0}
            for actor in members:
                is_new = is_onboarding(actor, this, onboarding)
                people[is_new] += this in work[actor.name]
                opened[is_new] += tickets[actor.name].count(this)
            rows.append(
                {
                    **who,
                    "status": status(is_complete),
                    "period_start": this,
                    "active_people": sum(people.values()),
                    "tickets": sum(opened.values()),
                    "tickets_per_person": rate(sum(opened.values()), sum(people.values()), is_complete),
                    "onboarding_people": people[True],
                    "onboarding_tickets": opened[True],
                    "onboarding_tickets_per_person": rate(opened[True], people[True], is_complete),
                    "other_people": people[False],
                    "other_tickets": opened[False],
                    "other_tickets_per_person": rate(opened[False], people[False], is_complete),
                }
            )
    return rows


def is_onboarding(actor: Actor, week: date, onboarding: timedelta) -> bool:
    """True if any instant of the week is at most `onboarding` after the sign-up."""
    start = actor.first("Signed Up")
    if start is None:
        return False
    return start < begins(next_first("week", week)) and start + onboarding >= begins(week)


def experiment(actors: list[Actor], variants: list[str], goal: str, window: timedelta, planned: int) -> list[Row]:
    """By the end of each day: how many of those who saw a variant reached the goal in the window after it?"""
    seen = [actor for actor in actors if actor.variants and actor.variants[0][0] <= AS_OF]
    rows = []
    decided_on = None
    for day in days_from(min((day_of(actor.variants[0][0]) for actor in seen), default=date.max)):
        end = min(begins(next_first("day", day)), UNTIL)
        several = 0
        counts = {variant: {"exposed": 0, "finished": 0, "reached": 0, "reached_before": 0} for variant in variants}
        for actor in seen:
            shown = [(at, variant) for at, variant in actor.variants if at < end]
            if len({variant for _, variant in shown}) > 1:
                several += 1
            elif shown:
                count_exposed(counts[shown[0][1]], actor, shown[0][0], goal, window, end)
        is_over = has_passed(next_first("day", day))
        if decided_on is None and is_over and all(of_variant["finished"] >= planned for of_variant in counts.values()):
            decided_on = day
        base = rate(counts[variants[0]]["reached"], counts[variants[0]]["finished"])
        for variant in variants:
            row = {
                "segment": "all",
                "segment_value": "all",
                "status": status(is_over),
                "day": day,
                "variant": variant,
                **counts[variant],
                "in_several": several,
                "planned": planned,
                "decided_on": decided_on,
                **compared(counts[variant], base, variant == variants[0]),
            }
            if decided_on is None and variant != variants[0]:
                row["verdict"] = "collecting"
            rows.append(row)
    return rows


def count_exposed(
    counts: dict[str, int], actor: Actor, shown: datetime, goal: str, window: timedelta, end: datetime
) -> None:
    """Count one person under the only variant they saw, as of the end of a day.

    The goal counts from the sign-up on; its window begins when the variant was shown.
    """
    signed_up = actor.first("Signed Up")
    reached = [at for at in actor.did.get(goal, []) if signed_up and at >= signed_up][:1]
    if reached and reached[0] < shown:
        counts["reached_before"] += 1
        return
    counts["exposed"] += 1
    if shown + window < end:
        counts["finished"] += 1
        counts["reached"] += bool(reached and reached[0] <= shown + window)


def compared(counts: dict[str, int], base: float | None, is_base: bool) -> Row:
    """A variant's rate, and how far it is from the first one's."""
    own = rate(counts["reached"], counts["finished"])
    difference = None if is_base or own is None or base is None else own - base
    lift = None if difference is None or not base else difference / base
    return {"rate": own, "difference": difference, "lift": lift}
