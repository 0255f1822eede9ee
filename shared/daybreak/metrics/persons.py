"""Which id is which person: the links of identify and alias, followed to their end. Metrics and `forget` share it.

Links count in the order of their time; of one instant, identify calls come before alias calls, then the smaller ids.

- An id belongs to the first user it was linked with, so two people who share a browser stay apart. Only an alias of an
  id that is a user itself, because some link says that an id is this user, joins that user also with further ones.
- A link that would close a ring is ignored: both ids are one person already.
- A link between two people who have both signed in is not followed but listed, unless the project says
  `merge_signed_in`: somebody was logged in as somebody else. A person has signed in once an identify call joins a user
  id with an id that is theirs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from daybreak.engine import database
from daybreak.engine.database import Connection
from daybreak.engine.sql import sql_file


class SaidBy(IntEnum):
    """The kind of call that says it, in the order in which those of one instant count.

    `SEEN`: no identify or alias call says it, but an event names both ids; only `forget` and `export-person` ask so.
    """

    IDENTIFY, ALIAS, SEEN = range(3)


class Link(NamedTuple):
    """The id `own` is said to be the user `user`; `linked_at` is when this was first said so, as any kind of number."""

    linked_at: Any
    said_by: SaidBy
    own: str
    user: str


_ROUNDS = 16
"""Each round doubles the length of the chain that is followed: 65,536 links."""


def make_person_of(db: Connection, *, merge_signed_in: bool) -> None:
    """Make the tables person_of and links_not_followed from the table links (id, user_id, said_by, linked_at).

    person_of (id, person): one row per id that is another's. links_not_followed (id, user_id).

    Most ids are devices, to which no other id is linked, so their first link says it all. Only the links around an id
    that is between others, a user who is another user, are followed one by one.
    """
    db.execute("create or replace table person_of as " + sql_file("daybreak.metrics.inputs", "person_of"))
    links = [Link(*row) for row in db.execute(sql_file("daybreak.metrics.sql", "links_between_users")).fetchall()]
    followed = _follow(links, merge_signed_in=merge_signed_in)
    columns = {"id": "VARCHAR", "user_id": "VARCHAR"}
    not_followed = [dict(zip(columns, ids, strict=True)) for ids in sorted(followed.not_followed)]
    database.create(db, "links_not_followed", columns, not_followed)
    if links:
        rows = [{"id": own, "user_id": user} for own, user in followed.owner.items()]
        database.create(db, "followed", columns, rows)
        db.execute("delete from person_of where id in (select id from links_between)")
        db.execute("delete from person_of where id in (select id from followed)")
        db.execute("insert into person_of select id, user_id from followed")
        _follow_chains(db)


def follow(links: Iterable[Link], *, merge_signed_in: bool) -> dict[str, str]:
    """Id -> its owner, of links in any order."""
    return _follow(sorted(links), merge_signed_in=merge_signed_in).owner


def _follow(links: list[Link], *, merge_signed_in: bool) -> "_Followed":
    """Follow all links around some ids, in the order in which they count."""
    followed = _Followed(merge_signed_in, frozenset(link.user for link in links))
    for link in links:
        followed.follow(link)
    return followed


@dataclass
class _Followed:
    """What links say that were followed in order."""

    merge_signed_in: bool
    users: frozenset[str]
    """The ids that are users: some link says that an id is this one."""
    owner: dict[str, str] = field(default_factory=dict)
    not_followed: set[tuple[str, str]] = field(default_factory=set)
    _above: dict[str, str] = field(default_factory=dict)
    _signed_in: set[str] = field(default_factory=set)

    def follow(self, link: Link) -> None:
        own, user = self._person(link.own), self._person(link.user)
        joins_users = link.said_by == SaidBy.ALIAS and link.own in self.users
        if own != user and (joins_users or link.own not in self.owner):
            if not self.merge_signed_in and {own, user} <= self._signed_in:
                self.not_followed.add((link.own, link.user))
                return
            self.owner[own] = link.user
            self._above[own] = user
            if own in self._signed_in:
                self._signed_in.add(user)
        if link.said_by == SaidBy.IDENTIFY and self._person(link.own) == user:
            self._signed_in.add(user)

    def _person(self, own: str) -> str:
        """The end of the chain; each id on the way is moved nearer to it, so long chains stay fast."""
        while (above := self._above.get(own)) is not None:
            if (further := self._above.get(above)) is not None:
                self._above[own] = further
            own = above
        return own


def _follow_chains(db: Connection) -> None:
    """An id whose owner belongs to somebody belongs to them too."""
    for _ in range(_ROUNDS):
        changed = db.execute(
            "update person_of set person = further.person from person_of as further "
            "where further.id = person_of.person and further.person <> person_of.id"
        ).fetchone()
        if not changed or not changed[0]:
            return
