"""The plain facts from which the rows are counted: who did what when, the calendar, segments and rates."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from daybreak.example.decisions import AS_OF, SECOND, ZONE, Person

Row = dict[str, Any]
MICROSECOND = timedelta(microseconds=1)
UNTIL = AS_OF + MICROSECOND
"""The first instant that is not known."""
ANY = "any"
UNSET = "(unset)"


@dataclass
class Actor:
    """A person or an account that is counted, with what they did when and their traits."""

    name: str
    did: dict[str, list[datetime]] = field(default_factory=dict)
    """Event -> its instants in order, up to AS_OF; `any` is every page and every event."""
    traits: list[tuple[datetime, str, str | None]] = field(default_factory=list)
    """(when, trait, value)"""
    sign_ups: list[tuple[datetime, str | None]] = field(default_factory=list)
    """Every sign-up: when, and whether it was invited or organic; None if it did not say."""
    answers: list[tuple[datetime, str, float | None]] = field(default_factory=list)
    """(when, survey, score)"""
    variants: list[tuple[datetime, str]] = field(default_factory=list)
    """(when, variant), in order"""

    def first(self, event: str) -> datetime | None:
        """The first time that they did it, ever."""
        moments = self.did.get(event)
        return moments[0] if moments else None

    def days(self, event: str) -> list[date]:
        """The day of each time they did it, in order."""
        return [day_of(at) for at in self.did.get(event, [])]

    def within(self, event: str, start: datetime, window: timedelta) -> list[datetime]:
        """The times in the window at which they did it, both edges included."""
        return [at for at in self.did.get(event, []) if start <= at <= start + window]


# Who did what: from the decisions


def moments_of(person: Person) -> Iterator[tuple[str, datetime, str | None]]:
    """(event, when, the account that the message names) of everything that one person decided to do."""
    plain: list[tuple[str, datetime]] = []
    if person.signed_up is not None:
        plain.append(("Signed Up", person.signed_up))
        if person.verified_after is not None:
            plain.append(("Email Verified", person.signed_up + person.verified_after))
    if person.signed_up_again is not None:
        plain.append(("Signed Up", person.signed_up_again))
    plain += [("page", at) for at in person.visits]
    plain += [("Sync Finished", at) for at in person.syncs]
    plain += [("Connection Added", at) for at in person.connected]
    plain += [("Workflow Started", workflow.started) for workflow in person.workflows]
    plain += [("Workflow Saved", w.started + w.saved_after) for w in person.workflows if w.saved_after is not None]
    plain += [("Colleague Invited", at) for at in person.invitations]
    plain += [(f"Guide Shown: {guide.name}", guide.at) for guide in person.guides]
    plain += [("Guide Finished", g.at + g.finished_after) for g in person.guides if g.finished_after is not None]
    plain += [(f"Survey Answered: {answer.survey}", answer.at) for answer in person.answers]
    plain += [("Ticket Opened", at) for at in person.tickets]
    plain += [("Experiment Viewed", at) for at, _ in person.variants]
    if person.trial is not None:
        plain.append(("Trial Started", person.trial.at))
        if person.trial.upgraded_after is not None:
            upgraded = person.trial.at + person.trial.upgraded_after
            plain.append(("Upgraded", upgraded))
            if person.trial.cancelled_after is not None:
                plain.append(("Subscription Cancelled", upgraded + person.trial.cancelled_after))
    for event, at in plain:
        yield event, at, None
    for run in person.runs:
        yield "Workflow Run", run.at, run.account


def sign_ups_of(person: Person) -> list[tuple[datetime, str | None]]:
    """Each sign-up: when, and invited, organic or None."""
    first = [(person.signed_up, person.invited)] if person.signed_up is not None else []
    return [*first, *([(person.signed_up_again, "invited")] if person.signed_up_again is not None else [])]


def persons_of(people: list[Person]) -> list[Actor]:
    """Every person as an actor."""
    actors = []
    for person in people:
        actor = Actor(person.who, sign_ups=sign_ups_of(person), variants=sorted(person.variants))
        for event, at, _ in moments_of(person):
            _note(actor, event, at)
        actor.answers = [(answer.at, answer.survey, answer.score) for answer in person.answers]
        if person.signed_up is not None and person.profile_after is not None:
            known = person.signed_up + person.profile_after
            actor.traits = [(known, "role", person.role), (known, "company_size", person.company_size)]
        if person.new_role_at is not None:
            actor.traits.append((person.new_role_at, "role", person.new_role))
        actors.append(_in_order(actor))
    return actors


def accounts_of(people: list[Person]) -> list[Actor]:
    """Every account as an actor, with everything that its members did while they belonged to it."""
    accounts: dict[str, Actor] = {}
    for person in people:
        for event, at, named in moments_of(person):
            account = named or account_at(person, at)
            if account is not None:
                _note(accounts.setdefault(account, Actor(account)), event, at)
        for at, invited in sign_ups_of(person):
            account = account_at(person, at)
            if account is not None:
                accounts[account].sign_ups.append((at, invited))
        for joined in person.memberships:
            actor = accounts.setdefault(joined.account, Actor(joined.account))
            actor.traits += [
                (joined.at, "plan", joined.plan),
                (joined.at, "size", joined.size),
                (joined.at, "name", joined.account),
            ]
    return [_in_order(actor) for actor in accounts.values()]


def account_at(person: Person, moment: datetime) -> str | None:
    """The account joined last by that moment; before any, the first one. Nobody knows yet what is joined later."""
    joined = sorted((membership.at, membership.account) for membership in person.memberships if membership.at <= AS_OF)
    if not joined:
        return None
    before = [account for at, account in joined if at <= moment]
    return before[-1] if before else joined[0][1]


def _note(actor: Actor, event: str, at: datetime) -> None:
    """Nothing after the last known instant is noted."""
    if at <= AS_OF:
        actor.did.setdefault(event, []).append(at)
        actor.did.setdefault(ANY, []).append(at)


def _in_order(actor: Actor) -> Actor:
    """The actor with everything in order of time."""
    actor.did = {event: sorted(moments) for event, moments in actor.did.items()}
    actor.traits = sorted((trait for trait in actor.traits if trait[0] <= AS_OF), key=lambda trait: trait[0])
    actor.sign_ups = sorted(actor.sign_ups, key=lambda sign_up: sign_up[0])
    return actor


# The calendar


def day_of(moment: datetime) -> date:
    """The day in Berlin."""
    return moment.astimezone(ZONE).date()


def begins(day: date) -> datetime:
    """The first instant of a day in Berlin, in UTC."""
    return datetime.combine(day, time(), tzinfo=ZONE).astimezone(UTC)


def has_begun(day: date) -> bool:
    """True if any part of the day is known."""
    return begins(day) < UNTIL


def has_passed(following: date) -> bool:
    """True if everything before this day is known."""
    return begins(following) <= UNTIL


def first_day(period: str, day: date) -> date:
    """The first day of the day's period; weeks begin on Monday."""
    if period == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if period == "week" else day


def next_first(period: str, first: date) -> date:
    """The first day of the next period."""
    if period == "month":
        return first_day("month", first + timedelta(days=31))
    return first + timedelta(days=7 if period == "week" else 1)


def previous_first(period: str, first: date) -> date:
    """The first day of the previous period."""
    return first_day(period, first - timedelta(days=1))


def days_from(first: date) -> Iterator[date]:
    """Every day from this one on that has begun."""
    while has_begun(first):
        yield first
        first += timedelta(days=1)


def periods_from(period: str, first: date) -> Iterator[date]:
    """Every period from this one on that has begun."""
    while has_begun(first):
        yield first
        first = next_first(period, first)


def is_finished(start: datetime, window: timedelta) -> bool:
    """True if the window's far edge is known, which still belongs to it."""
    return start + window < UNTIL


# Segments, rates, medians

TRAITS = {
    "role": ("role", False),
    "role_now": ("role", True),
    "company_size": ("company_size", False),
    "plan": ("plan", False),
    "plan_now": ("plan", True),
    "account": ("name", True),
}
"""Segment -> its trait, and whether the latest value counts."""


def segment_value(actor: Actor, segment: str, start: datetime) -> str:
    """The actor's value of a segment, as of the start."""
    if segment == "invited":
        return next((invited for at, invited in actor.sign_ups if at == start), None) or UNSET
    trait, is_latest = TRAITS[segment]
    by = AS_OF if is_latest else start
    values = [value for at, name, value in actor.traits if name == trait and at <= by]
    return (values[-1] if values else None) or UNSET


def split(
    actors: Iterable[Actor], segments: list[str], starts: dict[str, datetime] | None = None
) -> Iterator[tuple[Row, list[Actor]]]:
    """All actors, then those of each value of each segment: as of their starts or, without starts, as known last."""
    everybody = list(actors)
    yield {"segment": "all", "segment_value": "all"}, everybody
    for segment in segments:
        values: dict[str, list[Actor]] = {}
        for actor in everybody:
            start = starts[actor.name] if starts is not None else AS_OF
            values.setdefault(segment_value(actor, segment, start), []).append(actor)
        for value, members in values.items():
            yield {"segment": segment, "segment_value": value}, members


def starts_of(actors: Iterable[Actor], event: str) -> dict[str, datetime]:
    """The first time that each of them did it, ever."""
    return {actor.name: at for actor in actors if (at := actor.first(event)) is not None}


def cohorts_of(
    actors: list[Actor], starts: dict[str, datetime], period: str, segments: list[str]
) -> Iterator[tuple[Row, date, list[Actor]]]:
    """Those who start, by segment and by the period of their start."""
    for who, members in split((actor for actor in actors if actor.name in starts), segments, starts):
        cohorts: dict[date, list[Actor]] = {}
        for actor in members:
            cohorts.setdefault(first_day(period, day_of(starts[actor.name])), []).append(actor)
        for cohort, of_cohort in cohorts.items():
            yield who, cohort, of_cohort


def status(is_complete: bool) -> str:
    """The status of a row."""
    return "complete" if is_complete else "open"


def rate(part: float, whole: float, is_complete: bool = True) -> float | None:
    """part / whole; None if the whole is 0 or the row is open."""
    return part / whole if whole and is_complete else None


def seconds(lengths: list[timedelta]) -> float | None:
    """The median in seconds; None without lengths."""
    return median(length / SECOND for length in lengths) if lengths else None
