"""Answers to surveys: of Typeform, Delighted and Wootric. Texts that people wrote are left out.

https://www.typeform.com/developers/responses/JSON-response-explanation/
https://app.delighted.com/docs/api/listing-survey-responses
https://docs.wootric.com/api/
"""

from collections.abc import Mapping
from typing import Any

from daybreak.files.readers.exports.export import Events, Export, Row, event, exact_id, filled, id_of, instant
from daybreak.webhooks.vendors.answers import ANSWERED, HIDDEN, SCALES, survey_of


def _typeform(row: Row) -> Events:
    when, response = instant("submitted_at", row.get("submitted_at")), id_of(row.get("response_id"))
    answers = [answer for answer in row.get("answers") or [] if isinstance(answer, dict)]
    hidden = row.get("hidden")
    emails = [answer["email"] for answer in answers if answer.get("type") == "email" and answer.get("email")]
    person = filled(hidden, *HIDDEN) if isinstance(hidden, dict) else None
    person = id_of(person or (emails[0] if emails else None))
    scored = [answer for answer in answers if _field(answer).get("type") in SCALES and "number" in answer]
    for nth, answer in enumerate(scored or [{}]):
        asked = _field(answer)
        given = {"survey": survey_of(asked, {}), "score": answer.get("number"), **_choices(answers)}
        yield event(
            "track",
            when,
            messageId=exact_id(f"{response}-{asked.get('id', nth)}" if nth else response) if response else None,
            userId=person,
            event=ANSWERED,
            properties={name: value for name, value in given.items() if value is not None},
        )


def _field(answer: Mapping[str, Any]) -> dict[str, Any]:
    asked = answer.get("field")
    return asked if isinstance(asked, dict) else {}


def _choices(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """What somebody chose, by the name of the question."""
    chosen = {}
    for answer in answers:
        name, choice = filled(_field(answer), "ref", "id"), answer.get("choice", answer.get("boolean"))
        value = choice.get("label") if isinstance(choice, dict) else choice
        if isinstance(name, str) and value is not None:
            chosen[name] = value
    return chosen


def _delighted(row: Row) -> Events:
    about, person = row.get("person_properties"), row.get("person")
    known = filled(about, *HIDDEN[:-2]) if isinstance(about, dict) else None
    if isinstance(person, dict):
        person = filled(person, "email", "id")
    own = id_of(row.get("id"))
    tags = row.get("tags")
    given = {"survey": row.get("survey_type"), "score": row.get("score"), "tags": tags or None}
    yield event(
        "track",
        instant("created_at", row.get("created_at")),
        messageId=f"delighted-{own}" if own else None,
        userId=id_of(known or person),
        event=ANSWERED,
        properties={name: value for name, value in given.items() if value is not None},
    )


def _wootric(row: Row) -> Events:
    person = row.get("end_user") if isinstance(row.get("end_user"), dict) else {}
    own = id_of(row.get("id"))
    kind = str(filled(row, "survey_type", "metric_type") or "nps").lower()
    given = {"survey": kind, "score": row.get("score"), "channel": row.get("channel")}
    yield event(
        "track",
        instant("created_at", row.get("created_at")),
        messageId=f"wootric-{own}" if own else None,
        userId=id_of(filled(person or {}, "external_id", "email") or row.get("end_user_id")),
        event=ANSWERED,
        properties={name: value for name, value in given.items() if value is not None},
    )


TYPEFORM = Export(
    "Typeform responses",
    frozenset({"response_id", "submitted_at", "answers"}),
    "person = the hidden field user_id, event = Survey Answered, time = submitted_at",
    _typeform,
)
DELIGHTED = Export(
    "Delighted responses",
    frozenset({"survey_type", "score", "person", "created_at"}),
    "person = person_properties.user_id, else person; event = Survey Answered; time = created_at in seconds UTC",
    _delighted,
)
WOOTRIC = Export(
    "Wootric responses",
    frozenset({"score", "end_user_id", "created_at"}),
    "person = the end user's external_id, else email or id; event = Survey Answered; time = created_at",
    _wootric,
)
