"""The endpoint's responses: the models of their JSON bodies, and the OpenAPI 3.1 description made from them."""

from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from daybreak.ingest.event import IncomingEvent
from daybreak.ingest.request import TYPES, Intake

_MOST_LISTED = 100
"""Rejected events listed in one response; all of them are in quarantine."""
_NAMED = ConfigDict(populate_by_name=True, extra="forbid")


class RejectedAnswer(BaseModel):
    """A rejected event."""

    model_config = _NAMED

    index: Annotated[int, Field(description="Its position in the batch, from 0")]
    message_id: Annotated[str | None, Field(alias="messageId", description="Its id")] = None
    code: Annotated[str, Field(description="Short reason, for counting")]
    message: Annotated[str, Field(description="The reason in words, naming the field")]


class BreachAnswer(BaseModel):
    """An accepted event that breaks the tracking plan."""

    model_config = _NAMED

    message_id: Annotated[str, Field(alias="messageId", description="Its id")]
    code: str
    message: str


class Accepted(BaseModel):
    """Everything that is not listed under `rejected` is stored."""

    model_config = _NAMED

    success: Literal[True] = True
    accepted: Annotated[int, Field(description="How many events were accepted")]
    rejected: Annotated[
        list[RejectedAnswer] | None, Field(description=f"The rejected events, {_MOST_LISTED} at most")
    ] = None
    rejected_count: Annotated[int | None, Field(alias="rejectedCount", description="How many were rejected")] = None
    message_ids_made: Annotated[
        list[str] | None, Field(alias="messageIdsMade", description="Ids of events that came without one")
    ] = None
    warnings: Annotated[list[BreachAnswer] | None, Field(description="Breaches of the tracking plan")] = None


class Refused(BaseModel):
    """Nothing of the request is stored. After a 5xx a part of it may be; sending it again doubles nothing."""

    model_config = _NAMED

    success: Literal[False] = False
    code: Annotated[str, Field(description="Short reason, for counting")]
    message: Annotated[str, Field(description="The reason in words, and what to do")]


class Batch(BaseModel):
    """Up to 25,000 events; /v1/import accepts 100,000 with a server's key, and is a batch with a browser's."""

    model_config = ConfigDict(extra="allow")

    batch: list[dict[str, Any]]
    sent_at: Annotated[str | None, Field(alias="sentAt", description="When it is sent, by the client's clock")] = None
    write_key: Annotated[str | None, Field(alias="writeKey", description="Needed if it is not in the header")] = None
    context: Annotated[dict[str, Any] | None, Field(description="Merged into each event's own")] = None
    integrations: Annotated[dict[str, Any] | None, Field(description="Merged into each event's own")] = None


class Health(BaseModel):
    """Events can be stored right now."""

    model_config = _NAMED

    status: Literal["ok"] = "ok"
    writes: Annotated[Literal[True], Field(description="An item was just written to the events table")] = True


def accepted(intake: Intake) -> Accepted:
    """The response to a request that was not refused."""
    rejected = [
        RejectedAnswer(index=r.index, message_id=r.message_id, code=r.code, message=r.message)
        for r in intake.rejected[:_MOST_LISTED]
    ]
    made = [event.message_id for event in intake.events if event.id_made]
    breaches = ((event.message_id, breach) for event in intake.events for breach in event.breaches)
    warnings = [
        BreachAnswer(message_id=message_id, code=breach.code, message=breach.message)
        for message_id, breach in islice(breaches, _MOST_LISTED)
    ]
    return Accepted(
        accepted=len(intake.events),
        rejected=rejected or None,
        rejected_count=len(intake.rejected) or None,
        message_ids_made=made[:_MOST_LISTED] or None,
        warnings=warnings or None,
    )


def openapi() -> dict[str, Any]:
    """The endpoint in OpenAPI 3.1."""
    schemas: dict[str, Any] = {}
    for model in (Accepted, Refused, Batch, Health, IncomingEvent):
        schema = model.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[schema["title"]] = schema
    one_event = {**schemas["Event"], "required": [], "title": "One event; its path names its type"}
    schemas["OneEvent"] = one_event
    paths = {f"/v1/{type_}": {"post": _operation(type_, "OneEvent")} for type_ in TYPES}
    paths |= {f"/v1/{type_[0]}": {"post": _operation(type_, "OneEvent", "short")} for type_ in TYPES}
    paths["/v1/batch"] = {"post": _operation("batch", "Batch")}
    paths["/v1/b"] = {"post": _operation("batch", "Batch", "short")}
    paths["/beacon/v1/batch"] = {"post": _operation("batch", "Batch", "beacon")}
    paths["/v1/import"] = {"post": _operation("import", "Batch")}
    paths["/v1/hook/{name}"] = {"post": _webhook()}
    paths["/v1/health"] = {"get": _page("health", "Events can be stored", "Health")}
    paths["/openapi.json"] = {"get": _page("openapi", "This description", None)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Daybreak collector",
            "version": "1",
            "summary": "Receives product events from Segment-style SDKs",
            "description": "200 means stored. A bad event never costs the others: it is listed under `rejected`. "
            "Bodies may be gzipped, and their Content-Type is ignored.",
        },
        "paths": paths,
        "security": [{"basic": []}, {"query": []}, {}],
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": "The write key as user name, no password"},
                "query": {"type": "apiKey", "in": "query", "name": "writeKey", "description": "For beacons"},
            },
        },
    }


def _operation(endpoint: str, model: str, form: str = "") -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{model}"}
    return {
        "operationId": "-".join(filter(None, (endpoint, form))),
        "summary": f"Send a {endpoint} of events" if model == "Batch" else f"Send one {endpoint} event",
        "requestBody": {
            "required": True,
            "content": {media_type: {"schema": schema} for media_type in ("application/json", "text/plain")},
        },
        "responses": {
            "200": _response("Everything is stored except the rejected events", "Accepted"),
            "400": _response("The request cannot be read", "Refused"),
            "401": _response("The write key is missing, unknown or revoked", "Refused"),
            "413": _response("Too large: send smaller batches", "Refused"),
            "503": _response("Not stored: send again after Retry-After seconds", "Refused", ["Retry-After"]),
        },
    }


def _webhook() -> dict[str, Any]:
    """A webhook takes the body of its tool, whatever its form is."""
    name = {
        "name": "name",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
    }
    return {
        "operationId": "webhook",
        "summary": "Send what happened in another tool, signed as it signs",
        "security": [],
        "parameters": [name],
        "requestBody": {
            "required": True,
            "content": {media_type: {} for media_type in ("application/json", "application/x-www-form-urlencoded")},
        },
        "responses": {
            "200": _response("Everything is stored, or in quarantine", "Accepted"),
            "400": _response("The request cannot be read", "Refused"),
            "401": _response("The signature is missing, wrong or old, or no secret is set", "Refused"),
            "404": _response("No webhook has this name", "Refused"),
            "413": _response("Too large", "Refused"),
            "503": _response("Not stored: send again after Retry-After seconds", "Refused", ["Retry-After"]),
        },
    }


def _page(name: str, summary: str, model: str | None) -> dict[str, Any]:
    found = _response(summary, model) if model else {"description": summary, "content": {"application/json": {}}}
    responses = {"200": found}
    if name == "health":
        responses["503"] = _response("Nothing can be stored", "Refused", ["Retry-After"])
    return {"operationId": name, "summary": summary, "security": [], "responses": responses}


def _response(description: str, model: str, headers: Sequence[str] = ()) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}
    named = {name: {"schema": {"type": "integer"}, "description": "Whole seconds"} for name in headers}
    return {"description": description, "content": content, **({"headers": named} if named else {})}
