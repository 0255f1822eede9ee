"""Who must be on each list of the example product, counted from the decisions: no event, no SQL."""

from datetime import timedelta

from daybreak.example.decisions import AS_OF, DAY, SECOND, Person
from daybreak.example.facts import ANY, Actor, accounts_of, day_of, persons_of

Line = tuple[str, str, str | None]
"""The column of the id, the id, and the trait that the list shows; None if it shows none or it is not known."""


def expected_lists(people: list[Person]) -> dict[str, set[Line]]:
    """List -> the lines of its file."""
    persons, accounts = persons_of(people), accounts_of(people)
    return {
        "no_workflow_in_a_day": {
            (*_id_of(person), _latest(actor, "role"))
            for person, actor in zip(people, persons, strict=True)
            if _is_stuck(actor)
        },
        "gone_quiet": {
            (*_id_of(person), None)
            for person, actor in zip(people, persons, strict=True)
            if len({day for day in actor.days(ANY) if _is_lately(day, 28)}) >= 3
            and not any(_is_lately(day, 10) for day in actor.days(ANY))
        },
        "accounts_that_stopped": {
            ("account", actor.name, _latest(actor, "plan"))
            for actor in accounts
            if any(_is_lately(day, 21) for day in actor.days("Workflow Run"))
            and not any(_is_lately(day, 7) for day in actor.days("Workflow Run"))
        },
    }


def _is_stuck(actor: Actor) -> bool:
    """Signed up between 14 days and 24 hours ago, and saved nothing since the last time of these."""
    signed_up = [at for at in actor.did.get("Signed Up", []) if DAY <= AS_OF - at <= 14 * DAY]
    return bool(signed_up) and not any(at >= signed_up[-1] for at in actor.did.get("Workflow Saved", []))


def _is_lately(day: object, days: int) -> bool:
    """True if the day is one of the last so many, the day of AS_OF included."""
    return day in {day_of(AS_OF) - n * timedelta(days=1) for n in range(days)}


def _id_of(person: Person) -> tuple[str, str]:
    """Somebody who has not signed in by now is known by their browser."""
    if person.signed_up is None:
        return "anonymous_id", person.who
    if person.signed_up + person.signs_up_before_signing_in * SECOND > AS_OF:
        return "anonymous_id", f"browser-{person.who}"
    return "user_id", person.who


def _latest(actor: Actor, trait: str) -> str | None:
    """The value that was set last."""
    values = [value for _, name, value in actor.traits if name == trait]
    return values[-1] if values else None
