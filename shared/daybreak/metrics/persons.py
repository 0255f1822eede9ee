"""Which id is which person: the links of identify and alias, followed to their end. Metrics and `forget` share it.

Links count in the order of their time; of one instant, identify calls come before alias calls, then the smaller ids.

- An id belongs to the first user it was linked with, so two people who share a browser stay apart.
- A link that would close a ring is ignored: both ids are one person already.
- A link between two people who have both signed in is not followed but listed, unless the project says
  `merge_signed_in`: somebody was logged in as somebody else. A person has signed in once an identify call joins a user
  id with an id that is theirs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from daybreak.engine import database
from daybreak.engine.database import Connection
from daybreak.engine.sql import sql_file


class Link(NamedTuple):
    """The id `own` is said to be the user `user`; `linked_at` is when this was first said so, as any kind of number."""

    linked_at: Any
    is_alias: bool
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
    followed = _Followed(merge_signed_in)
    for row in db.execute(sql_file("daybreak.metrics.sql", "links_between_users")).fetchall():
        followed.follow(Link(*row))
    columns = {"id": "VARCHAR", "user_id": "VARCHAR"}
    not_followed = [dict(zip(columns, ids, strict=True)) for ids in sorted(followed.not_followed)]
    database.create(db, "links_not_followed", columns, not_followed)
    if followed.links:
        rows = [{"id": own, "user_id": user} for own, user in followed.owner.items()]
        database.create(db, "followed", columns, rows)
        db.execute("delete from person_of where id in (select id from links_between)")
        db.execute("insert into person_of select id, user_id from followed where id in (select id from links_between)")
        _follow_chains(db)


def follow(links: Iterable[Link], *, merge_signed_in: bool) -> dict[str, str]:
    """Id -> its owner, of links in any order."""
    followed = _Followed(merge_signed_in)
    for link in sorted(links):
        followed.follow(link)
    return followed.owner


@dataclass
class _Followed:
    """What links say that were followed in order."""

    merge_signed_in: bool
    owner: dict[str, str] = field(default_factory=dict)
    not_followed: set[tuple[str, str]] = field(default_factory=set)
    links: int = 0
    _above: dict[str, str] = field(default_factory=dict)
    _signed_in: set[str] = field(default_factory=set)

    def follow(self, link: Link) -> None:
        self.links += 1
        own, user = self._person(link.own), self._person(link.user)
        if own != user and link.own not in self.owner:
            if not self.merge_signed_in and {own, user} <= self._signed_in:
                self.not_followed.add((link.own, link.user))
                return
            self.owner[link.own] = link.user
            self._above[own] = user
            if own in self._signed_in:
                self._signed_in.add(user)
        if not link.is_alias and self._person(link.own) == user:
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
