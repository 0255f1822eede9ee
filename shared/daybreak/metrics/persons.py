"""Which id is which person: the links of identify and alias, followed to their end. Metrics and `forget` share it.

Links count in the order of their time. An id belongs to the first user it was linked with; a link that would close a
ring is ignored, so one more link never takes apart what was joined.
"""

from daybreak.engine import database
from daybreak.engine.database import Connection
from daybreak.engine.sql import sql_file

Link = tuple[str, str]
"""An id and the user it was linked with."""

_ROUNDS = 16
"""Each round doubles the length of the chain that is followed: 65,536 links."""


def make_person_of(db: Connection) -> None:
    """Table person_of (id, person) from the table links (id, user_id, linked_at): one row per id that is another's."""
    db.execute("create or replace table person_of as " + sql_file("daybreak.metrics.inputs", "person_of"))
    db.execute("create or replace temp table owned as select id from person_of")
    _follow_chains(db)
    # a chain ends at an id that belongs to nobody, unless it goes round in a ring
    db.execute("create or replace temp table ringed as "
               "select id from person_of where person in (select id from owned)")  # fmt: skip
    links: list[Link] = db.execute(
        "select id, user_id from links where id in (select id from ringed) order by linked_at, id, user_id"
    ).fetchall()
    if links:
        db.execute("delete from person_of where id in (select id from ringed)")
        rows = [{"id": own, "person": person} for own, person in without_rings(links).items()]
        database.create(db, "unringed", {"id": "VARCHAR", "person": "VARCHAR"}, rows)
        db.execute("insert into person_of select * from unringed")
        _follow_chains(db)


def without_rings(links: list[Link]) -> dict[str, str]:
    """Id -> its owner, of links in the order of their time; whoever closes a ring is left out."""
    owner: dict[str, str] = {}
    for own, user in links:
        end = user
        while end in owner:
            end = owner[end]
        if own not in owner and end != own:
            owner[own] = user
    return owner


def _follow_chains(db: Connection) -> None:
    """An id whose owner belongs to somebody belongs to them too."""
    for _ in range(_ROUNDS):
        changed = db.execute(
            "update person_of set person = further.person from person_of as further "
            "where further.id = person_of.person and further.person <> person_of.id"
        ).fetchone()
        if not changed or not changed[0]:
            return
