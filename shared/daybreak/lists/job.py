"""The lists job: find who is on each list, write the files, store an event for each entry, publish the counts.

Running it again changes nothing; running an older day again never replaces a newer list. A run that is killed leaves
either the list as it was, or a new one that the next run finishes first: `State` is the step between the two.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice

from daybreak.definitions.project import Project
from daybreak.engine.calendar import DAY
from daybreak.engine.database import Limits
from daybreak.export.job import Progress
from daybreak.export.run import Run, begin
from daybreak.ingest.event import OWN_SOURCE
from daybreak.ingest.request import Intake
from daybreak.ingest.rules import forgotten_digest
from daybreak.lake import keys
from daybreak.lake.store import Store, put_changed
from daybreak.lake.tables import MadeList
from daybreak.lists.entries import entry_events
from daybreak.lists.files import MEMBERS, read_delivered, read_members, write_files
from daybreak.lists.members import Membership, MembersOf
from daybreak.lists.publish import publish_latest, publish_made
from daybreak.lists.state import State, read_state
from daybreak.metrics.exported import newest_export, require_exported

_EVENTS_AT_ONCE = 10_000

StoreEvents = Callable[[Intake, datetime], None]
"""Stores the events of entries as those of a request that was received at this instant."""


@dataclass(frozen=True, slots=True)
class Lists:
    """The job with everything it needs.

    Without `store_events`, nothing is stored about entries: files of events have no collector. `forgotten`: the digests
    of people who asked to be forgotten, who are on no list.
    """

    store: Store
    project: Project
    limits: Limits = Limits()
    progress: Progress = lambda _: None
    store_events: StoreEvents | None = None
    forgotten: frozenset[bytes] = frozenset()

    def of_the_day(self, day: date, now: datetime) -> list[MadeList]:
        """Make the lists of each morning as of the end of `day`. Raises DayMissing if the export has not covered it."""
        names = self._every("day")
        with begin(self.store, self.project, self.limits) as run:
            self._drop_unknown()
            ends = run.calendar.ends_at(day)
            if names:
                require_exported(self.store, self.project, day, ends.replace(tzinfo=UTC))
            return self._make(run, names, day, ends, now)

    def of_the_hour(self, now: datetime) -> list[MadeList]:
        """Make the lists of each hour as of the newest export. Raises DayMissing without one."""
        names = self._every("hour")
        if not names:
            return []
        with begin(self.store, self.project, self.limits) as run:
            return self._make_as_of(run, names, newest_export(self.store, self.project).through, now)

    def of_all(self, until: datetime, now: datetime) -> list[MadeList]:
        """Make every list as of this instant (aware), the first that is not known. `daybreak compute` calls this."""
        with begin(self.store, self.project, self.limits) as run:
            return self._make_as_of(run, list(self.project.lists), until, now)

    def look(self, name: str) -> tuple[datetime, Membership]:
        """The list as of the newest export, and that instant, for somebody who may read people. Nothing is written."""
        through = newest_export(self.store, self.project).through
        with begin(self.store, self.project, self.limits) as run:
            found = MembersOf(run, [name], *_known(run, through), self.forgotten)
            return through, found.membership(name, [])

    def _every(self, every: str) -> list[str]:
        return [name for name, listed in self.project.lists.items() if listed.every == every]

    def _make_as_of(self, run: Run, names: Iterable[str], until: datetime, now: datetime) -> list[MadeList]:
        return self._make(run, names, *_known(run, until), now)

    def _make(self, run: Run, names: Iterable[str], last_day: date, until: datetime, now: datetime) -> list[MadeList]:
        """Make these lists as of `until` (naive, UTC). Returns the newest row of each."""
        made_at, states, wanted = until.replace(tzinfo=UTC), dict[str, State | None](), list[str]()
        for name in names:
            state = read_state(self.store, name)
            if state and state.row["actor"] != self.project.lists[name].actor:
                state = None  # it was a list of others: this one begins
            states[name] = state
            if state and not state.finished:
                states[name] = self._finish(run, name, state, now)
            if state is None or state.made_at <= made_at:
                wanted.append(name)
        if wanted:
            self.progress(f"lists: {', '.join(wanted)} as of {until} UTC")
            found = MembersOf(run, wanted, last_day, until, self.forgotten)
            states |= {name: self._make_one(run, found, name, states[name], made_at, now) for name in wanted}
        publish_latest(self.store, self.project)
        return [state.made() for state in states.values() if state]

    def _make_one(
        self, run: Run, found: MembersOf, name: str, state: State | None, made_at: datetime, now: datetime
    ) -> State:
        """Make a list. Made again for the same instant, it is compared with the making before that.

        While no export comes, the same instant is made each day. When files that this needs have expired, the making
        stays as it is: compared with nobody, everybody would enter again.
        """
        again = state if state and state.made_at == made_at else None
        previous = again.previous if again else state.made_at if state else None
        stored = self.store.list(keys.lists_prefix(name))
        members = keys.list_file(name, made_at, MEMBERS)
        if again and not _needed(name, again) <= {each.key for each in stored}:
            known = {each.key: each.md5 for each in stored if each.key == members}
            self.store.put_files(self.store.local(known, run.work), known)
            return again.write(self.store, name)
        before = read_members(self.store, name, previous) if previous else []
        same = read_members(self.store, name, made_at) if again else []
        membership = found.membership(name, before, same)
        if again and self._is_news(name, made_at, membership):
            # before its files: a run that is killed between the two must not keep the old revision
            row = {**again.row, "revision": again.row["revision"] + 1}
            again = State(made_at, previous, again.delivered_at, row).write(self.store, name)
        files = write_files(run.work, self.project.lists[name], name, made_at, membership)
        changed = put_changed(self.store, files, stored)
        revision = again.row["revision"] if again else 0
        row = self._row(name, made_at, membership, revision).model_dump(mode="json")
        delivered_at = again.delivered_at if again else now
        new = State(made_at, previous, delivered_at, row)
        if again == new.as_finished() and not changed:
            self.store.put_files({members: files[members]})
            return again.write(self.store, name)  # both are kept for seven days from now on
        return self._finish(run, name, new.write(self.store, name), now)

    def _is_news(self, name: str, made_at: datetime, membership: Membership) -> bool:
        """True if others entered or left than the files of this instant say. Somebody forgotten does not count."""
        is_person = self.project.lists[name].actor == "person"
        return any(
            {member.id for member in members if not member.held_out}
            != {
                own
                for own in read_delivered(self.store, name, made_at, file)
                if not (is_person and forgotten_digest(own) in self.forgotten)
            }
            for file, members in (
                ("entered", [member for member in membership.members if member.entered]),
                ("left", membership.left),
            )
        )

    def _finish(self, run: Run, name: str, state: State, now: datetime) -> State:
        """Store the events of entries and publish the counts; safe to repeat, until the state says that it is done."""
        listed = self.project.lists[name]
        if self.store_events:
            entered = [m for m in read_members(self.store, name, state.made_at) if m.entered]
            account = self.project.settings.account_property
            events = entry_events(listed, name, entered, state.made_at, state.delivered_at, now, account)
            while some := list(islice(events, _EVENTS_AT_ONCE)):
                self.store_events(Intake(OWN_SOURCE, some, []), now)
        publish_made(run, state.made())
        return state.as_finished().write(self.store, name)

    def _row(self, name: str, made_at: datetime, membership: Membership, revision: int) -> MadeList:
        listed = self.project.lists[name]
        return MadeList(
            list=name,
            made_at=made_at.replace(tzinfo=None),
            description=listed.description,
            meaning=listed.explain(),
            actor=listed.actor,
            people=len(membership.members),
            entered=sum(member.entered for member in membership.members),
            left=len(membership.left),
            held_out=sum(member.held_out for member in membership.members),
            file=keys.list_file(name, made_at, "people.csv"),
            revision=revision,
        )

    def _drop_unknown(self) -> None:
        """Delete the files and counts of lists that are no longer in daybreak.toml."""
        stored = [s.key for folder in (keys.lists_prefix(), keys.list_counts()) for s in self.store.list(folder)]
        self.store.delete([key for key in stored if keys.list_in(key) not in self.project.lists])


def _needed(name: str, again: State) -> set[str]:
    """The files without which a list cannot be made again for the instant of its last making."""
    before = {keys.list_file(name, again.previous, MEMBERS)} if again.previous else set()
    return {keys.list_file(name, again.made_at, "entered.ndjson"), *before}


def _known(run: Run, until: datetime) -> tuple[date, datetime]:
    """The project day of the last instant before `until` (aware), and `until` as naive UTC."""
    last, naive = until - datetime.resolution, until.astimezone(UTC).replace(tzinfo=None)
    day = run.calendar.day_of(last)
    # where the clocks go back behind midnight, the next day has begun all the same
    return (day if run.calendar.ends_at(day) >= naive else day + DAY), naive
