"""The morning's job after the families: judge every goal and look at every alert, then write both tables.

Running it again for the same morning replaces the morning's rows of goals, and begins with the episodes that it has
written: what late events have changed can open or end another one, and never takes back what may have been sent. An
older day never takes the tables back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from daybreak.definitions.alerts import Alert
from daybreak.definitions.chosen import Chosen, choose
from daybreak.definitions.nearest import nearest
from daybreak.definitions.project import ALL, Project
from daybreak.engine.calendar import DAY
from daybreak.engine.database import Limits
from daybreak.engine.sql import Sql
from daybreak.errors import DayMissing, InputError
from daybreak.export.job import Progress
from daybreak.export.run import Run, begin
from daybreak.families.base import version_of
from daybreak.families.registry import FAMILIES
from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.lake.tables import AlertEpisode, MeasuredGoal, RefusedAlert
from daybreak.metrics.exported import newest_export, require_exported
from daybreak.metrics.publish import read_latest
from daybreak.metrics.results import rows_of
from daybreak.watch.episodes import Watched, closed_unspoken, may_be_named, next_morning
from daybreak.watch.events import events_a_day
from daybreak.watch.goals import measure_goal
from daybreak.watch.looks import BEFORE_DAYS, STOPPED_FOR, Look, look_at_event
from daybreak.watch.publish import episodes_written, goals_before, newest_morning, publish
from daybreak.watch.replay import Replayed, replay
from daybreak.watch.series import EVERYBODY, Group, Series, read_series
from daybreak.watch.sight import Sight, look_or_refuse, sight_of_event, sights_of


@dataclass(frozen=True, slots=True)
class Seen:
    """What one morning has seen: its goals, every episode there ever was, and the alerts that it refused."""

    morning: date
    goals: list[MeasuredGoal]
    episodes: list[AlertEpisode]
    refused: list[RefusedAlert]

    @property
    def open(self) -> list[AlertEpisode]:
        """The episodes that last."""
        return [episode for episode in self.episodes if episode.closed is None]

    @property
    def spoken(self) -> list[AlertEpisode]:
        """The episodes that this morning speaks of."""
        return [episode for episode in self.episodes if episode.spoken == self.morning]


@dataclass(frozen=True, slots=True)
class Watch:
    """The job with everything it needs."""

    store: Store
    project: Project
    limits: Limits = Limits()
    progress: Progress = lambda _: None

    def run(self, day: date, until: datetime | None = None) -> Seen:
        """See goals and alerts as of the end of `day` (or `until`, an aware instant on that day), and write them.

        The morning is named by the last day that is over. Raises DayMissing if the export or a family that is read has
        not reached the day yet.
        """
        with begin(self.store, self.project, self.limits) as run:
            day = max([day, *filter(None, [newest_morning(self.store)]), *self._computed_days(run)])
            through, known = self._reached(run, day, until)
            self.progress(f"{keys.WATCH}: looking as of {known}")
            numbers = Numbers(run)
            before = goals_before(run, known)
            goals = [
                measure_goal(name, goal, *numbers.of_goal(name), [row for row in before if row.goal == name], known)
                for name, goal in self.project.goals.items()
            ]
            episodes, refused = self._episodes(numbers, episodes_written(run), known)
            for one in refused:
                self.progress(f"{keys.WATCH}: refused, and not looked at: {one.message}")
            publish(run, goals, episodes, refused, known, through)
            return Seen(known, goals, episodes, refused)

    def replay(self, name: str, day: date | None = None, until: datetime | None = None) -> Replayed:
        """The mornings of history on which an alert would have spoken, if it had been there. Nothing is written.

        Without a day, until the newest that is computed. Raises InputError for an unknown alert, DayMissing like `run`.
        """
        alert = alert_named(self.project, name)
        with begin(self.store, self.project, self.limits) as run:
            known, numbers, watched = self._known(run, alert, day, until), Numbers(run), _watched(self.project, name)
            if watched.chosen is None:
                counts = numbers.of_event(alert, date.min, known)
                return replay(
                    watched, lambda _, day: (look_at_event(alert, counts, day), None), min(counts, default=None), known
                )
            groups = numbers.of_alert(alert, watched.chosen)
            return replay(watched, partial(look_or_refuse, watched, groups), groups[EVERYBODY].first, known)

    def sights(self, day: date | None = None, until: datetime | None = None) -> list[Sight]:
        """The smallest change that each alert can see with the people of the last days. Raises DayMissing."""
        with begin(self.store, self.project, self.limits) as run:
            numbers, sights = Numbers(run), list[Sight]()
            for name, alert in self.project.alerts.items():
                known, watched = self._known(run, alert, day, until), _watched(self.project, name)
                if watched.chosen is None:
                    sights.append(sight_of_event(watched, numbers.of_event(alert, date.min, known), known))
                else:
                    sights += sights_of(watched, numbers.of_alert(alert, watched.chosen), known)
            return sights

    def _known(self, run: Run, alert: Alert, day: date | None, until: datetime | None) -> date:
        """The last day that is over, of those that one alert can read. Without a day, the newest that is computed."""
        if day is None:
            last = newest_export(self.store, self.project)
            day = run.calendar.days_before(run.calendar.day_of(last.through), 1)
            for family in families_read(self.project, [alert]):
                if latest := read_latest(run.store, family):
                    day = date.fromisoformat(latest["as_of"])
        return self._reached(run, day, until, [alert])[1]

    def _episodes(
        self, numbers: "Numbers", was: list[AlertEpisode], known: date
    ) -> tuple[list[AlertEpisode], list[RefusedAlert]]:
        """Every episode after this morning in the order in which they opened, and the alerts that are refused."""
        after, refused = list[AlertEpisode](), list[RefusedAlert]()
        for name in {**self.project.alerts, **dict.fromkeys(episode.alert for episode in was)}:
            watched = _watched(self.project, name) if name in self.project.alerts else None
            mine = numbers.named([episode for episode in was if episode.alert == name], watched)
            if watched:
                looks, blind = numbers.look(watched, mine, known)
                after += next_morning(watched, mine, looks, known)
                refused += [blind] if blind else []
            else:
                after += closed_unspoken(mine, known)
        return sorted(after, key=lambda e: (e.opened, e.alert, e.segment, e.segment_value, e.change)), refused

    def _computed_days(self, run: Run) -> Iterable[date]:
        """The days that the families that are read were computed as of."""
        for family in families_read(self.project):
            if latest := read_latest(run.store, family):
                yield date.fromisoformat(latest["as_of"])

    def _reached(
        self, run: Run, day: date, until: datetime | None, alerts: Iterable[Alert] | None = None
    ) -> tuple[datetime, date]:
        """How far the data reach, and the last day of it that is over. Raises DayMissing if that is not far enough."""
        ends = run.calendar.ends_at(day).replace(tzinfo=UTC)
        through = require_exported(self.store, self.project, day, (until or ends).astimezone(UTC))
        for family in families_read(self.project, alerts):
            latest = read_latest(run.store, family)
            if latest is None or date.fromisoformat(latest["as_of"]) < day:
                reached = f"has only reached {latest['as_of']}" if latest else "has not run yet"
                raise DayMissing(f"{family} {reached}, {day} is needed; run `daybreak run {family} --date {day}` first")
            if latest["versions"] != self.project.versions(family):
                raise DayMissing(
                    f"{family} was computed with other definitions; run `daybreak run {family} --date {day}` first"
                )
        return through, day if until is None or until >= ends else run.calendar.days_before(day, 1)


class Numbers:
    """The numbers of one run. The rows of a family are fetched once, and the watched events are counted once."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._rows: dict[str, Sql] = {}

    def of_goal(self, name: str) -> tuple[str, Series]:
        """The version of a goal's definition, and its series."""
        project, goal = self._run.project, self._run.project.goals[name]
        chosen = choose(project.definitions, goal.metric, goal)
        segments = () if goal.segment is None else (goal.segment,)
        series = self._series(chosen, segments)
        group = EVERYBODY if goal.segment is None else (goal.segment, str(goal.segment_value))
        found = series.get(group, Series(chosen, self._run.calendar, {}))
        return project.version(chosen.family.name, chosen.name), found

    def of_alert(self, alert: Alert, chosen: Chosen) -> dict[Group, Series]:
        """The series of everybody and of each value of the alert's segments."""
        return self._series(chosen, alert.segments)

    def of_event(self, alert: Alert, first: date, last: date) -> dict[date, int]:
        """How often the alert's event came on each day."""
        selector = alert.event or ""
        return events_a_day(self._run, [selector], first, last)[selector]

    def named(self, was: list[AlertEpisode], watched: Watched | None) -> list[AlertEpisode]:
        """The episodes of one alert without those of values that too few people have to be named."""
        if all(episode.segment == ALL for episode in was):
            return was
        groups = self.of_alert(watched.alert, watched.chosen) if watched and watched.chosen else {}
        return [episode for episode in was if may_be_named(episode, watched, groups)]

    def look(
        self, watched: Watched, was: list[AlertEpisode], known: date
    ) -> tuple[Mapping[Group, Look], RefusedAlert | None]:
        """This morning's look at an alert, whose episodes so far are `was`, or why it is refused."""
        if watched.chosen is None:
            first = known - (watched.alert.for_ or STOPPED_FOR) - BEFORE_DAYS * DAY
            return look_at_event(watched.alert, self.of_event(watched.alert, first, known), known), None
        return look_or_refuse(watched, self.of_alert(watched.alert, watched.chosen), was, known)

    def _series(self, chosen: Chosen, segments: tuple[str, ...]) -> dict[Group, Series]:
        family = chosen.family.name
        if family not in self._rows:
            self._rows[family] = rows_of(self._run.in_folder(family), chosen.family)
        version = self._run.project.version(family, chosen.name)
        return read_series(self._run, self._rows[family], chosen, version, segments)


def alert_named(project: Project, name: str) -> Alert:
    """An alert of the project. Raises InputError."""
    if name not in project.alerts:
        raise InputError(f"unknown alert {name!r}{nearest(name, project.alerts)}")
    return project.alerts[name]


def _watched(project: Project, name: str) -> Watched:
    """An alert of the project. Its version changes with what it watches, not with how much it takes to speak."""
    alert = project.alerts[name]
    if alert.metric is None:
        return Watched(name, alert, None, version_of([alert.event, alert.when]))
    chosen = choose(project.definitions, alert.metric, alert)
    own = project.version(chosen.family.name, chosen.name)
    return Watched(name, alert, chosen, version_of([chosen.metric, own, chosen.label, alert.when, alert.limit]))


def families_read(project: Project, alerts: Iterable[Alert] | None = None) -> list[str]:
    """The families that goals and alerts read, or only these alerts."""
    of_goals = [] if alerts is not None else [goal.metric for goal in project.goals.values()]
    of_alerts = [alert.metric for alert in (project.alerts.values() if alerts is None else alerts) if alert.metric]
    read = {metric.partition(".")[0] for metric in (*of_goals, *of_alerts)}
    return [family for family in FAMILIES if family in read]
