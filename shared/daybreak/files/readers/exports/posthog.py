"""PostHog's batch export, its events as CSV, and the answers of its API.

https://posthog.com/docs/cdp/batch-exports
"""

from daybreak.files.readers.exports.export import (
    Event,
    Events,
    Export,
    Row,
    event,
    exact_id,
    filled,
    id_of,
    instant,
    made,
    object_of,
)
from daybreak.files.readers.reading import Made


def _events(row: Row) -> Events:
    person, when, name = id_of(row.get("distinct_id")), instant("timestamp", row.get("timestamp")), row.get("event")
    properties = object_of(row.get("properties"))
    own = event(
        "track",
        when,
        # one uuid in some hundreds is of two events
        messageId=exact_id(filled(row, "uuid", "id"), name, when),
        userId=person,
        event=name,
        properties={key: value for key, value in properties.items() if key not in ("distinct_id", "token")},
    )
    if name != "$identify" and name != "$set":
        yield own
    yield from _same_people(own, _person(row), id_of(properties.get("$anon_distinct_id")))
    if own.get("userId") and (traits := object_of(properties.get("$set"))):
        yield made(own, "identify", userId=person, traits=object_of(properties.get("$set_once")) | traits)


def _person(row: Row) -> str | None:
    """PostHog's own id of the person, which all of their distinct ids share."""
    found = row.get("person_id")
    return id_of(found if found else object_of(row.get("person")).get("id"))


def _same_people(own: Event, person: str | None, before: str | None) -> list[Made]:
    """An alias for each other id of the person. One in both directions joins two ids that are already somebody."""
    distinct, links = own.get("userId"), list[Made]()
    if distinct and person and person != distinct:
        links.append(made(own, "alias", previousId=distinct, userId=person))
    if distinct and before and before != distinct:
        links.append(made(own, "alias", previousId=before, userId=distinct))
        links.append(made(own, "alias", previousId=distinct, userId=before))
    return links


EXPORT = Export(
    "PostHog export",
    frozenset({"event", "distinct_id", "timestamp"}),
    "person = person_id, else distinct_id; time = timestamp",
    _events,
    frozenset({"uuid", "id", "person_id", "person", "properties"}),
)
