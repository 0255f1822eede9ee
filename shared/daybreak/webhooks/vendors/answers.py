"""Surveys: answers of Typeform, Delighted and Wootric. The family survey reads "Survey Answered", its `score`.

https://www.typeform.com/developers/webhooks/example-payload/
https://app.delighted.com/docs/api/webhooks
https://docs.wootric.com/webhooks/
"""

from typing import Any

from daybreak.webhooks.body import Delivery, objects
from daybreak.webhooks.vendors.event import OF_NO_INTEREST, Events, Row, event, first, own_id, word

ANSWERED = "Survey Answered"
HIDDEN = ("user_id", "userid", "uid", "customer_id", "external_id", "id", "email")
"""The names of hidden fields and properties that say who answers."""
SCALES = ("nps", "opinion_scale", "rating")
_NPS_STEPS = 11


def typeform(delivery: Delivery) -> Events:
    """One event for each question with a scale; `survey` is "nps" if it has 11 steps, else the question's ref."""
    body = delivery.body
    answered = first(body, "form_response") if isinstance(body, dict) else None
    if not isinstance(answered, dict) or body.get("event_type") != "form_response":
        return None
    answers = objects(answered.get("answers"))
    emails = [answer.get("email") for answer in answers if answer.get("type") == "email"]
    person = first(answered, *(f"hidden.{name}" for name in HIDDEN)) or next(filter(None, emails), None)
    asked = {
        id_: field for field in objects(first(answered, "definition.fields")) if isinstance(id_ := field.get("id"), str)
    }
    scored = [answer for answer in answers if first(answer, "field.type") in SCALES and "number" in answer]
    events = []
    for nth, answer in enumerate(scored):
        question = first(answer, "field.id")
        known = asked.get(question, {}) if isinstance(question, str) else {}
        token = first(answered, "token")
        id_ = own_id(token, question) if nth and isinstance(token, str) else token
        properties = {
            "survey": survey_of(answer["field"], known),
            "score": answer.get("number"),
            "form": answered.get("form_id"),
            "question": first(answer, "field.ref", "field.id"),
        }
        events.append(event(ANSWERED, id_, answered.get("submitted_at"), person, properties))
    return events  # none for a form without a scale


def survey_of(asked: Row, question: Row) -> Any:
    """The name of a survey: nps where the scale is one from 0 to 10, else that of its question.

    `asked`: the field as an answer names it. `question`: the same in the form's definition; empty where that is not
    known.
    """
    steps = (first(question, "properties.steps"), first(asked, "properties.steps"))
    return "nps" if first(asked, "type") == "nps" or _NPS_STEPS in steps else first(asked, "ref", "id")


def delighted(delivery: Delivery) -> Events:
    """An answer counts once: a comment that is added to it later has the same id, and so changes nothing."""
    body = delivery.body
    answered = first(body, "event_data") if isinstance(body, dict) else None
    kind = body.get("event_type") if isinstance(body, dict) else None
    if kind in ("unsubscribe.created", "survey_response.unsubscribed"):
        return OF_NO_INTEREST
    if kind not in ("survey_response.created", "survey_response.updated") or not isinstance(answered, dict):
        return None
    person = first(answered, *(f"person_properties.{name}" for name in HIDDEN[:-2]), "person.email", "person.id")
    properties = {
        "survey": answered.get("survey_type"),
        "score": answered.get("score"),
        "tags": answered.get("tags"),
    }
    return [event(ANSWERED, own_id("delighted", first(answered, "id")), answered.get("created_at"), person, properties)]


def wootric(delivery: Delivery) -> Events:
    """Wootric sends JSON, or a form in which a score is text."""
    body = delivery.body
    if not isinstance(body, dict):
        return None
    answered = body.get("response")
    if isinstance(body.get("decline"), dict):
        return OF_NO_INTEREST
    if body.get("event_name") not in ("created", "updated") or not isinstance(answered, dict):
        return None
    score = answered.get("score")
    properties = {
        "survey": word(first(body, "survey_mode")) or "nps",
        "score": int(score) if isinstance(score, str) and score.isascii() and score.isdigit() else score,
    }
    person = first(answered, "external_id", "email", "end_user_id")
    return [event(ANSWERED, own_id("wootric", first(answered, "id")), answered.get("created_at"), person, properties)]
