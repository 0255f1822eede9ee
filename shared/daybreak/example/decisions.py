"""The decisions of every person in a made-up data-integration tool, as plain values.

`decide` draws most people at random and places the edge cases by hand. `events.py` makes Segment messages from the
decisions, and `expected.py` counts the answers from the same decisions.
"""

import math
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

BEGINS = datetime(2026, 9, 28, tzinfo=ZONE)
"""The product opens, on a Monday."""
ENDS = datetime(2026, 11, 23, tzinfo=ZONE)
"""Nothing happens from here on: eight weeks later, with the clock change of 25 October between."""
AS_OF = datetime(2026, 11, 20, 11, 0, 0, tzinfo=UTC)
"""The last instant that the tables know: Friday noon in Berlin, so that windows and periods are open."""

VERIFYING_BREAKS = datetime(2026, 11, 5, tzinfo=ZONE)
"""Nobody who signs up from this day on can verify an email address."""
FAILED_SYNCS = [date(2026, 11, day) for day in (9, 10, 11)]

ACCOUNTS = 60
DRAWN_ACCOUNTS = 55
"""The number of accounts that are drawn at random; the others are made by hand."""
DRAWN_PEOPLE = 209


@dataclass(frozen=True)
class Membership:
    """A group call: the account that a person belongs to from then on, and the account's traits."""

    at: datetime
    account: str
    plan: str
    size: str


@dataclass(frozen=True)
class Workflow:
    """A workflow that was started, and how long after that it was saved; None if it was not."""

    started: datetime
    saved_after: timedelta | None


@dataclass(frozen=True)
class Run:
    """One run of a workflow; `account` if the message itself names one."""

    at: datetime
    account: str | None = None


@dataclass(frozen=True)
class Guide:
    """A guide that was shown, and how long after that it was finished; None if it was not."""

    at: datetime
    name: str
    finished_after: timedelta | None


@dataclass(frozen=True)
class Trial:
    """A trial, the time from its start to the upgrade, and from the upgrade to the cancellation."""

    at: datetime
    upgraded_after: timedelta | None
    cancelled_after: timedelta | None


@dataclass(frozen=True)
class Answer:
    """One answered survey; the score as it was sent, None if the field was left empty."""

    at: datetime
    survey: str
    score: float | None


@dataclass(frozen=True)
class Person:
    """Everything that one person decided. Lengths of time begin at the sign-up unless they say otherwise."""

    who: str
    signed_up: datetime | None
    """None: the person only looked around and never signed up."""
    invited: str | None = None
    """invited or organic, as the sign-up says; None if it does not say."""
    role: str | None = None
    company_size: str | None = None
    profile_after: timedelta | None = timedelta(0)
    """When role and company size became known; None if never."""
    new_role: str | None = None
    new_role_at: datetime | None = None
    signs_up_before_signing_in: bool = False
    """The sign-up carries the browser's id only; the sign-in that joins the two comes a second later."""
    signed_up_again: datetime | None = None
    """A second sign-up, which always says "invited"."""
    memberships: list[Membership] = field(default_factory=list)
    visits: list[datetime] = field(default_factory=list)
    """Pages looked at: before the sign-up under the browser's id."""
    verified_after: timedelta | None = None
    connected: list[datetime] = field(default_factory=list)
    workflows: list[Workflow] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    invitations: list[datetime] = field(default_factory=list)
    guides: list[Guide] = field(default_factory=list)
    trial: Trial | None = None
    answers: list[Answer] = field(default_factory=list)
    tickets: list[datetime] = field(default_factory=list)
    variants: list[tuple[datetime, str]] = field(default_factory=list)
    """Each time the experiment was shown, with the variant."""
    syncs: list[datetime] = field(default_factory=list)
    """Scheduled syncs that finished: one each morning, as long as they work."""


def decide(seed: int = 1) -> list[Person]:
    """The decisions of 240 people in 60 accounts; the same for the same seed."""
    random = Random(seed)  # noqa: S311 - a simulation, nothing secret
    people: list[Person] = []
    for number in range(1, DRAWN_ACCOUNTS + 1):
        members = DRAWN_PEOPLE * number // DRAWN_ACCOUNTS - len(people)
        people += _account(random, f"a{number:02}", len(people) + 1, members)
    return people + _placed_by_hand(len(people) + 1)


# Drawn at random


def _account(random: Random, account: str, first: int, members: int) -> list[Person]:
    """A founder who comes alone, and colleagues who come in the two weeks after, most of them invited."""
    size = random.choice(["1-10", "11-200", "201+"])
    company = {"1-10": "small", "11-200": "medium", "201+": "large"}[size]
    founded = _hour_of_work(random, BEGINS + random.randrange(50) * DAY)
    trial = _trial(random, founded)
    people = []
    for number in range(first, first + members):
        is_founder = number == first
        later = timedelta(days=random.expovariate(1 / 5))
        came = founded if is_founder else min(_seconds(founded + later), ENDS - number * HOUR)
        invited = "organic" if is_founder or random.random() < 0.25 else "invited"
        joined = came + MINUTE if is_founder and random.random() < 0.1 else came
        person = Person(
            who=f"p{number:03}",
            signed_up=came,
            invited=invited,
            role=random.choice(["engineer", "engineer", "analyst", "analyst", "manager"]),
            company_size=company,
            memberships=[Membership(joined, account, _plan(trial, joined), size)],
            verified_after=_verified(random, invited, came),
        )
        person = _first_hours(random, person, came)
        person = _days_after(random, person, came)
        people.append(_paying(person, trial, account, size) if is_founder else person)
    return people


def _trial(random: Random, founded: datetime) -> Trial | None:
    """Two accounts of three begin a trial in their first days; half of these upgrade, a few of those cancel."""
    if random.random() > 0.7:
        return None
    upgraded = timedelta(seconds=round(random.uniform(1, 18) * 86_400)) if random.random() < 0.5 else None
    cancelled = timedelta(seconds=round(random.uniform(5, 30) * 86_400)) if upgraded and random.random() < 0.4 else None
    return Trial(_seconds(founded + random.expovariate(1 / 30) * HOUR), upgraded, cancelled)


def _plan(trial: Trial | None, at: datetime) -> str:
    """The account's plan at an instant."""
    if trial is None or at < trial.at:
        return "free"
    if trial.upgraded_after is None or at < trial.at + trial.upgraded_after:
        return "trial"
    cancelled = trial.cancelled_after and at >= trial.at + trial.upgraded_after + trial.cancelled_after
    return "free" if cancelled else "pro"


def _paying(founder: Person, trial: Trial | None, account: str, size: str) -> Person:
    """The founder begins the trial, upgrades and cancels. The account's plan follows a second later."""
    if trial is None:
        return founder
    moments = [trial.at]
    if trial.upgraded_after:
        moments.append(trial.at + trial.upgraded_after)
    if trial.cancelled_after:
        moments.append(moments[-1] + trial.cancelled_after)
    later = [Membership(at + SECOND, account, _plan(trial, at), size) for at in moments]
    return replace(founder, trial=trial, memberships=founder.memberships + later)


def _verified(random: Random, invited: str, came: datetime) -> timedelta | None:
    """The time from sign-up to verification: zero for most invited people, as the invitation proved the address."""
    at_once = invited == "invited" and random.random() < 0.6
    later = None if at_once or random.random() < 0.18 else _around(random, 10 * MINUTE)
    if came >= VERIFYING_BREAKS:
        return None
    return timedelta(0) if at_once else later


def _first_hours(random: Random, person: Person, came: datetime) -> Person:
    """The sign-up and what follows it: looking around, the experiment, a connection, workflows, runs."""
    before = [_seconds(came - _around(random, HOUR)) for _ in range(random.choice([0, 0, 1, 2]))]
    variant = random.choice(["tour", "checklist"])
    shown = came + _around(random, 3 * MINUTE)
    likely = {"engineer": 0.85, "analyst": 0.7, "manager": 0.45}[str(person.role)]
    likely *= (1.0 if variant == "checklist" else 0.75) * (0.8 if person.invited == "invited" else 1.0)
    connected = [shown + _around(random, 30 * MINUTE)] if random.random() < 0.8 else []
    invitations = [shown + _around(random, 15 * MINUTE)] if random.random() < 0.2 else []
    workflows: list[Workflow] = []
    runs: list[Run] = []
    if connected and random.random() < likely:
        for _ in range(random.choice([1, 1, 2, 3])):
            after = workflows[-1].started if workflows else connected[0]
            saved = _around(random, 40 * MINUTE) if random.random() < likely + 0.2 else None
            workflows.append(Workflow(after + _around(random, 4 * HOUR), saved))
        finished = [w.started + w.saved_after for w in workflows if w.saved_after]
        runs = [Run(at + _around(random, 6 * HOUR)) for at in finished if random.random() < 0.85]
    guides = []
    if random.random() < 0.6:
        done = _around(random, 5 * MINUTE) if random.random() < 0.5 else None
        guides = [Guide(came + _around(random, 20 * MINUTE), "workflow", done)]
    return replace(
        person,
        visits=[*sorted(before), came + 5 * SECOND],
        variants=[(shown, variant)] if random.random() < 0.95 else [],
        connected=connected,
        invitations=invitations,
        workflows=workflows,
        runs=runs,
        guides=guides,
    )


def _days_after(random: Random, person: Person, came: datetime) -> Person:
    """The days on which they come back until the end, and what they do on them."""
    stays = random.choice([0.02, 0.15, 0.5]) + (0.25 if person.runs else 0.0)
    visits, runs, invitations, guides, connected = [], [], [], [], []
    answers, tickets = [], []
    day = came + DAY
    while day < ENDS:
        if random.random() < stays:
            at = _hour_of_work(random, day)
            visits.append(at)
            if person.runs and random.random() < 0.6:
                runs += [Run(at + n * HOUR + _around(random, MINUTE)) for n in range(random.choice([1, 1, 2, 4]))]
            if random.random() < 0.06:
                connected.append(at + 10 * MINUTE)
            if random.random() < 0.05:
                done = 4 * MINUTE if random.random() < 0.5 else None
                guides.append(Guide(at + 2 * MINUTE, "invite", done))
                if random.random() < 0.4:
                    invitations.append(_seconds(at + random.uniform(0.01, 5) * DAY))
            if random.random() < (0.2 if day < came + 14 * DAY else 0.03):
                tickets.append(at + 20 * MINUTE)
                if random.random() < 0.5:
                    answers.append(Answer(at + 3 * HOUR, "satisfaction", random.choice([2, 3, 4, 4, 5, 5])))
            if random.random() < 0.05:
                answers.append(Answer(at + 30 * MINUTE, "nps", random.choice([3, 6, 7, 8, 8, 9, 9, 10, 10])))
        day += DAY
    if person.workflows and random.random() < 0.5:
        answers.append(Answer(person.workflows[0].started + HOUR, "effort", random.choice([1, 3, 4, 5, 5, 6, 7])))
    return replace(
        person,
        visits=person.visits + visits,
        runs=person.runs + runs,
        connected=person.connected + connected,
        invitations=person.invitations + invitations,
        guides=person.guides + guides,
        answers=answers,
        tickets=tickets,
    )


def _around(random: Random, middle: timedelta) -> timedelta:
    """A length of time in whole seconds, half of them under `middle`, a few very long."""
    return timedelta(seconds=1 + round(middle.total_seconds() * math.exp(random.gauss(0, 1.2))))


def _hour_of_work(random: Random, day: datetime) -> datetime:
    """A random second between 8 and 20 o'clock of that day in Berlin."""
    seconds = random.randrange(12 * 3600)
    local = day.astimezone(ZONE).replace(hour=8, minute=0, second=0, microsecond=0, tzinfo=None)
    return (local + timedelta(seconds=seconds)).replace(tzinfo=ZONE).astimezone(UTC)


def _seconds(moment: datetime) -> datetime:
    """The instant without its fraction of a second."""
    return moment.replace(microsecond=0)


# Placed by hand


def _berlin(text: str) -> datetime:
    """An instant by Berlin's clock."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE).astimezone(UTC)


def _member(who: int, account: str, came: datetime, role: str = "engineer", invited: str = "organic") -> Person:
    """Somebody who has signed up and joined an account, and done nothing else."""
    return Person(
        who=f"p{who:03}",
        signed_up=came,
        invited=invited,
        role=role,
        company_size="small",
        memberships=[Membership(came, account, "free", "1-10")],
    )


def _placed_by_hand(first: int) -> list[Person]:
    """One person for each edge case, which a different rule of counting would count differently."""
    cases = [*_at_window_edges(), *_at_day_edges(), *_about_who(), *_about_answers(), *_at_the_end(), *_visitors()]
    return [replace(person, who=f"p{first + number:03}") for number, person in enumerate(cases)]


def _at_window_edges() -> list[Person]:
    """People at a window's far edge, which still counts, and a second after it."""
    came = _berlin("10-05T09:00:00")
    people = []
    for late in (timedelta(0), SECOND):
        person = _member(0, "a56", came + late, invited="invited")
        # saved 24 hours, ran 72 hours, added a connection 3 days, verified 7 days after the sign-up
        edge = came + late + late
        saved = Workflow(edge + DAY - HOUR, HOUR)
        person = replace(person, workflows=[saved], runs=[Run(edge + 3 * DAY)], connected=[edge + 3 * DAY])
        person = replace(person, verified_after=7 * DAY + late, visits=[edge + 14 * DAY])
        # the guide at 10 o'clock on the 12th, acted on after three days, and again shown a day before that
        guide = _berlin("10-12T10:00:00")
        guides = [Guide(guide, "invite", None), Guide(guide + 2 * DAY, "invite", MINUTE)]
        person = replace(person, guides=guides, invitations=[guide + 3 * DAY + late])
        # a trial that becomes a contract after 14 days
        trial = Trial(_berlin("10-12T12:00:00") + late, 14 * DAY + late, None)
        people.append(replace(person, trial=trial))
    # within the 25-hour day: 24 hours after 24 October 12:00 it is 11 o'clock
    came = _berlin("10-24T12:00:00")
    long_day = replace(_member(0, "a56", came), workflows=[Workflow(came + HOUR, 23 * HOUR)], verified_after=MINUTE)
    long_day = replace(long_day, runs=[Run(_berlin("10-25T12:00:00")), Run(_berlin("10-25T23:30:00"))])
    # saved two hours after it was begun, and a second later than that
    slow = _member(0, "a56", _berlin("10-14T08:00:00"), role="analyst")
    begun = _berlin("10-14T09:00:00")
    slow = replace(slow, workflows=[Workflow(begun, 2 * HOUR)])
    slower = replace(slow, signed_up=_berlin("10-14T08:00:01"), workflows=[Workflow(begun, 2 * HOUR + SECOND)])
    slower = replace(slower, memberships=[Membership(_berlin("10-14T08:00:01"), "a56", "free", "1-10")])
    return [*people, long_day, slow, slower]


def _at_day_edges() -> list[Person]:
    """People around midnight, and around the hour that comes twice."""
    # signs up at 23:59 and is back at 00:01: the next day by the calendar, the same 24 hours by the clock
    late = replace(_member(0, "a57", _berlin("10-06T23:59:00")), visits=[_berlin("10-07T00:01:00")])
    # signs up at midnight exactly: the first instant of the new day; comes at the last second of a Sunday and the
    # first of a Monday
    sharp = _member(0, "a57", _berlin("10-08T00:00:00"), invited="invited")
    sunday, monday = _berlin("10-18T23:59:59"), _berlin("10-26T00:00:00")
    sharp = replace(sharp, visits=[sunday, monday], tickets=[sunday, monday])
    # signs up at 2:30 when the clocks are about to go back, and is back an hour later, at 2:30 again
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    again = replace(_member(0, "a57", twice, role="manager"), runs=[Run(twice + HOUR)], visits=[twice + DAY])
    # exactly n times 24 hours later
    full = _berlin("10-23T15:00:00")
    exact = replace(_member(0, "a57", full), visits=[full + DAY - SECOND, full + 2 * DAY, full + 3 * DAY])
    return [late, sharp, again, exact]


def _about_who() -> list[Person]:
    """People whose id, account or role changes or becomes known late."""
    came = _berlin("10-09T10:00:00")
    # the role becomes known an hour after the sign-up, never, or changes
    later = replace(_member(0, "a58", came), profile_after=HOUR, workflows=[Workflow(came + 2 * HOUR, MINUTE)])
    never = replace(_member(0, "a58", came + MINUTE), profile_after=None, connected=[came + DAY])
    changes = replace(_member(0, "a58", came + 2 * MINUTE, role="analyst"), new_role="manager", new_role_at=came + DAY)
    changes = replace(changes, workflows=[Workflow(came + 2 * DAY, None)], connected=[came + 3 * MINUTE])
    # the sign-up comes before the sign-in, so it carries only the browser's id
    unknown = _member(0, "a58", came + 3 * MINUTE, invited="invited")
    unknown = replace(unknown, signs_up_before_signing_in=True, profile_after=SECOND, verified_after=MINUTE)
    unknown = replace(unknown, visits=[came - DAY, came + HOUR])
    # signs up a second time, then as invited: the first one counts
    twice = replace(_member(0, "a58", came + 4 * MINUTE), signed_up_again=came + 20 * DAY)
    # a sign-up that does not say whether it was invited
    silent = replace(_member(0, "a58", came + 5 * MINUTE), invited=None, runs=[Run(came + HOUR)])
    # moves from one account to another, and in between runs something for a third
    moved = _berlin("10-20T10:00:00")
    mover = _member(0, "a58", came + 6 * MINUTE)
    mover = replace(
        mover,
        memberships=[*mover.memberships, Membership(moved, "a59", "free", "1-10")],
        runs=[Run(moved - DAY), Run(moved - HOUR, "a57"), Run(moved), Run(moved + DAY)],
    )
    # the only member of a60, whose runs began two days before the account did
    early = _berlin("10-13T10:00:00")
    first_runs = replace(_member(0, "a60", early), runs=[Run(early - 2 * DAY), Run(early - HOUR), Run(early + 4 * DAY)])
    # joins no account at all
    alone = replace(_member(0, "a58", came + 7 * MINUTE), memberships=[], runs=[Run(came + DAY)])
    return [later, never, changes, unknown, twice, silent, mover, first_runs, alone]


def _about_answers() -> list[Person]:
    """Answers that do not count, and people who do not count in the experiment."""
    came = _berlin("10-15T10:00:00")
    asked = came + 5 * DAY
    scores: list[float | None] = [None, 11, 7.5, -1, 0, 10]
    odd = replace(_member(0, "a59", came), answers=[Answer(asked + n * DAY, "nps", s) for n, s in enumerate(scores)])
    odd = replace(odd, answers=[*odd.answers, Answer(asked, "effort", None), Answer(asked, "satisfaction", 6)])
    # seen in two variants, on two days
    both = replace(_member(0, "a59", came + MINUTE), runs=[Run(came + HOUR)])
    both = replace(both, variants=[(came + 2 * MINUTE, "tour"), (came + 2 * DAY, "checklist")])
    # had run a workflow before the experiment was shown
    done = replace(_member(0, "a59", came + 2 * MINUTE), runs=[Run(came + HOUR), Run(came + 2 * DAY)])
    done = replace(done, variants=[(came + DAY, "checklist"), (came + 3 * DAY, "checklist")])
    # ran a workflow a full week after the experiment was shown
    edge = replace(_member(0, "a59", came + 3 * MINUTE), variants=[(came + HOUR, "tour")])
    edge = replace(edge, runs=[Run(came + HOUR + 7 * DAY)])
    return [odd, both, done, edge]


def _at_the_end() -> list[Person]:
    """People around the last instant that is known."""
    # 24 hours before it, to the second: the window has just ended; a second later: it has not
    done = replace(_member(0, "a59", AS_OF - DAY, role="manager"), workflows=[Workflow(AS_OF - HOUR, HOUR)])
    open_ = replace(_member(0, "a59", AS_OF - DAY + SECOND), workflows=[Workflow(AS_OF - HOUR, HOUR + SECOND)])
    # signs up today; what comes after the last instant is not known
    today = _member(0, "a59", AS_OF - 4 * HOUR, role="analyst")
    today = replace(today, runs=[Run(AS_OF), Run(AS_OF + SECOND)], workflows=[Workflow(AS_OF - 3 * HOUR, MINUTE)])
    return [done, open_, today]


def _visitors() -> list[Person]:
    """People who look around and never sign up: only a browser's id is known of them."""
    days = [_berlin(f"10-{day:02}T20:15:00") for day in (1, 12, 24, 25, 26, 31)]
    visitors = [Person(who="", signed_up=None, visits=[day + n * DAY for n in range(1 + day.day % 3)]) for day in days]
    return [*visitors[:-1], replace(visitors[-1], syncs=_syncs())]


def _syncs() -> list[datetime]:
    """A machine's sync each morning at six, but for three days in November; from the 18th on it has stopped again."""
    mornings = [datetime(2026, 9, 28, 6, tzinfo=ZONE) + n * DAY for n in range(51)]  # by Berlin's clock, until 17 Nov
    return [at.astimezone(UTC) for at in mornings if at.date() not in FAILED_SYNCS]
