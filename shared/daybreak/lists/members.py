"""Who is on each list, who entered and who left since it was last made, and who of them is held out."""

import hashlib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from daybreak.definitions.lists import PeopleList
from daybreak.engine import database
from daybreak.engine.sql import inputs_of, sql_file
from daybreak.export.run import Run
from daybreak.ingest.rules import forgotten_digest
from daybreak.lists.asked import LISTS_AS_FAMILY, asked
from daybreak.metrics.computation import Computation
from daybreak.metrics.inputs.build import Inputs


@dataclass(frozen=True, slots=True)
class Member:
    """A person or account on a list.

    `key` decides whether they are held out. It is the id by which they first came on the list, so that a later link to
    another id does not move them from one group to the other. `on_list` is false for those who left a list with a
    holdout: their key is kept, so that they return to their group.
    """

    id: str
    is_user: bool
    key: str
    held_out: bool
    entered: bool = False
    on_list: bool = True
    traits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Membership:
    """A list as of an instant, those who are no longer on it, and those who ever left it, in order of their ids.

    `former` is empty where nobody is held out.
    """

    members: list[Member]
    left: list[Member]
    former: list[Member]


def is_held_out(name: str, key: str, percent: int) -> bool:
    """True for the same `percent` of all ids each time: a hash of the list's name and the id decides."""
    digest = hashlib.sha256(f"{name}\n{key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) * 100 < percent * 2**64


class MembersOf:
    """The members of lists as of `until`, the first instant (naive, UTC) that is not known.

    `forgotten`: the digests of people who are on no list any more.
    """

    def __init__(
        self, run: Run, names: Iterable[str], last_day: date, until: datetime, forgotten: Set[bytes] = frozenset()
    ) -> None:
        self._run, self._forgotten = run, forgotten
        self._lists = {name: run.project.lists[name] for name in names}
        counted = {name: asked(listed, run.calendar, last_day, until) for name, listed in self._lists.items()}
        computation = Computation(LISTS_AS_FAMILY, last_day, until, dict.fromkeys(counted, last_day))
        self._inputs = Inputs(run, computation, dict(counted))
        self._found = self._on_lists()

    def membership(self, name: str, before: Iterable[Member], same: Iterable[Member] = ()) -> Membership:
        """The list, beside the members it had `before`. `same`: those of an earlier making for the same instant.

        Whoever is held out now and was not before has entered again, as one of the other group; so has the reverse.
        """
        listed, found = self._lists[name], self._found[name]
        before, same = list(before), list(same)
        was = self._by_person(listed, (m for m in before if m.on_list))
        ever = {
            **self._by_person(listed, (m for m in (*before, *same) if not m.on_list)),
            **self._by_person(listed, (m for m in same if m.on_list)),
            **was,
        }
        keys = {person: member.key for person, member in ever.items()}
        members = []
        for person, is_user in found.items():
            key = keys.get(person, person)
            held_out = is_held_out(name, key, listed.holdout)
            entered = person not in was or was[person].held_out != held_out
            members.append(Member(person, is_user, key, held_out, entered))
        now = {member.id: member.held_out for member in members}
        left = [_as(person, member) for person, member in was.items() if now.get(person) != member.held_out]
        away = ever.items() if listed.holdout and listed.actor == "person" else ()
        former = [
            replace(_as(person, member), entered=False, on_list=False) for person, member in away if person not in now
        ]
        traits = self._traits(name, listed, {member.id for member in (*members, *left)})
        return Membership(*(
            sorted((replace(m, traits=traits.get(m.id, {})) for m in some), key=lambda m: m.id)
            for some in (members, left, former)
        ))  # fmt: skip

    def _on_lists(self) -> dict[str, dict[str, bool]]:
        """List -> person (or account) -> whether the id is a user's."""
        statement = sql_file("daybreak.lists", "on_list")
        self._inputs.make([*inputs_of(statement), "users"])
        db = self._run.db
        db.execute(f"create or replace table on_list as {statement}")
        found: dict[str, dict[str, bool]] = {name: {} for name in self._lists}
        rows = db.execute(
            "select o.definition, o.person, u.id is not null from on_list as o left join users as u on u.id = o.person"
        )
        for name, person, is_user in rows.fetchall():
            if not self._is_forgotten(self._lists[name], person):
                found[name][person] = is_user
        return found

    def _is_forgotten(self, listed: PeopleList, own: str) -> bool:
        return bool(self._forgotten) and listed.actor == "person" and forgotten_digest(own) in self._forgotten

    def _by_person(self, listed: PeopleList, members: Iterable[Member]) -> dict[str, Member]:
        """The members by the person whom their id belongs to by now.

        Where two of them turn out to be one person, the one who was delivered counts, then the smaller key.
        """
        known = {m.id: m for m in members if not self._is_forgotten(listed, m.id)}
        owners = self._owners(known) if listed.actor == "person" else {}
        people: dict[str, Member] = {}
        for member in sorted(known.values(), key=lambda member: (member.held_out, member.key)):
            people.setdefault(owners.get(member.id, member.id), member)
        return people

    def _owners(self, ids: Iterable[str]) -> dict[str, str]:
        self._inputs.make(["person_of"])
        database.create(self._run.db, "asked_ids", {"id": "VARCHAR"}, [{"id": own} for own in ids])
        return dict(
            self._run.db.execute("select p.id, p.person from person_of as p semi join asked_ids as a on a.id = p.id")
            .fetchall()
        )  # fmt: skip

    def _traits(self, name: str, listed: PeopleList, people: Iterable[str]) -> dict[str, dict[str, str]]:
        """Person -> trait -> its latest value, of the traits that the list shows."""
        if not listed.traits:
            return {}
        statement = sql_file("daybreak.lists", "latest_traits")
        self._inputs.make(["run", "trait_values", "person_of"])
        db, text = self._run.db, "VARCHAR"
        rows = [{"list": name, "actor": listed.actor, "person": person} for person in people]
        database.create(db, "listed", dict.fromkeys(("list", "actor", "person"), text), rows)
        traits = [{"list": name, "trait": trait} for trait in listed.traits]
        database.create(db, "list_traits", dict.fromkeys(("list", "trait"), text), traits)
        found: dict[str, dict[str, str]] = {}
        for _, person, trait, value in db.execute(statement).fetchall():
            if value is not None:
                found.setdefault(person, {})[trait] = value
        return found


def _as(person: str, member: Member) -> Member:
    """The member under the id of the person whom they turned out to be, which is a user's."""
    return replace(member, id=person, is_user=member.is_user or person != member.id)
