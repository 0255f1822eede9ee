"""The payloads of the export job, and the base of those of the metric jobs.

EventBridge's inputs, the handlers, the command line and the files in `events/` all use these models:

{"time": "2026-11-21T08:05:00Z"}                          ExportHours
{"date": "2026-11-21", "time": "2026-11-21T08:05:00Z"}    ExportDay
{"replay": "2026-11-20", "time": "2026-11-21T08:05:00Z"}  ReplayDay
{"derive_from": "2026-10-01", "derive_to": "2026-10-31"}  DeriveDays
{"derived": "2026-11-21T08:05:00Z"}                       FinishBackfill
{"span": true}                                            AskSpan

No two models of a job have the same fields, so the fields say which model a payload is of.
"""

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    ValidationError,
)

from daybreak.errors import InputError
from daybreak.ingest.event import parse_time

SCHEDULED_TIME = datetime.datetime.max.replace(tzinfo=datetime.UTC)
"""The `time` of a payload that EventBridge Scheduler sends: it stands for the time of each run. In JSON it becomes a
placeholder, and Scheduler writes the time there. No job can be run with the placeholder itself."""
_PLACEHOLDER = "<aws.scheduler.scheduled-time>"


def _moment(value: object) -> object:
    return parse_time(value) if isinstance(value, str) else value


def _day(value: object) -> object:
    return datetime.date.fromisoformat(value) if isinstance(value, str) else value


def _text(moment: datetime.datetime) -> str:
    return _PLACEHOLDER if moment == SCHEDULED_TIME else moment.isoformat()


Moment = Annotated[AwareDatetime, Strict(), BeforeValidator(_moment), PlainSerializer(_text)]
"""ISO 8601 in JSON; without an offset it is UTC."""
Day = Annotated[datetime.date, Strict(), BeforeValidator(_day)]
"""ISO 8601 in JSON."""


class Payload(BaseModel):
    """Base of all payloads of jobs. The names of the fields are the names in JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> str:
        """The payload as the job receives it."""
        return json.dumps(self.model_dump(mode="json"))


class ExportHours(Payload):
    """Export every hour that is over at `time`. The schedule sends this."""

    time: Moment


class ExportDay(Payload):
    """Export one arrival day (UTC) up to `time`, the running hour included."""

    date: Day
    time: Moment


class ReplayDay(Payload):
    """Rebuild everything of one arrival day (UTC) from its raw log alone."""

    replay: Day
    time: Moment


class DeriveDays(Payload):
    """Rebuild the derived tables of these project days, both ends included, after a change of definitions."""

    derive_from: Day
    derive_to: Day


class FinishBackfill(Payload):
    """Declare the derived tables of the current definitions complete. `derived` names the backfill: its time."""

    derived: str = Field(min_length=1)


class AskSpan(Payload):
    """Ask which dates have events, and whether the derived tables are complete."""

    span: Literal[True] = True


ExportPayload = ExportHours | ExportDay | ReplayDay | DeriveDays | FinishBackfill | AskSpan
EXPORT_PAYLOADS: Sequence[type[ExportPayload]] = (
    ExportHours,
    ExportDay,
    ReplayDay,
    DeriveDays,
    FinishBackfill,
    AskSpan,
)

P = TypeVar("P", bound=Payload)


def read_payload(models: Sequence[type[P]], payload: Mapping[str, Any]) -> P:
    """The payload as the one of `models` that has its fields. Raises InputError, which names the fields."""
    for model in models:
        if model.model_fields.keys() == payload.keys():
            try:
                return model.model_validate(payload)
            except ValidationError as error:
                wrong = "; ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors(include_url=False))
                raise InputError(f"payload {model.__name__}: {wrong.replace('Value error, ', '')}") from None
    known = " or ".join(f"{{{', '.join(model.model_fields)}}}" for model in models)
    raise InputError(f"no payload of this job has the fields {{{', '.join(payload)}}}; use {known}")
