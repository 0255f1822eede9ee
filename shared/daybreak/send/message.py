"""A message: one piece of news in counts and words, with an id that is made from what it is about.

The same news always gets the same id, so that a receiver which remembers ids processes each of them once.
"""

import hashlib
import json
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal[
    "MetricsReady",
    "AlertOpened",
    "AlertReminded",
    "AlertClosed",
    "GoalChanged",
    "ListChanged",
    "PeopleEntered",
    "PeopleLeft",
]
"""PeopleEntered and PeopleLeft hold ids. Only sends with `people = "inline"` get them, after the ListChanged."""
_MOST_CHARACTERS = 2_000
"""Of a text in a message, so that its fixed number of fields stays far below EventBridge's 256 KB."""
_HINT = "Open the page: daybreak dashboard"


class Batch(BaseModel):
    """Which people a message is about, without naming them: those of a list's file whose digests are in a range.

    The ids are read when the message is delivered. So the outbox holds no id, and a person who was forgotten meanwhile
    is not delivered. A range stays the same when somebody is removed from the file; a position would not.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    """Key of the file of those who entered the list, or who left it."""
    first: str
    """The lowest digest of the range."""
    below: str
    """The digest that ends the range, which is not in it."""


class Message(BaseModel):
    """One piece of news. `data` holds counts and keys; ids of people only in the moment of delivering a batch."""

    model_config = ConfigDict(frozen=True)

    id: str
    source: str
    """The deployment: daybreak.<name of the stack>."""
    kind: Kind
    about: str
    """ "alert.x", "goal.x", "list.x" or "metrics", as `what` of a send names it."""
    time: datetime
    title: str
    text: str
    """A few sentences for people."""
    data: dict[str, Any]
    batch: Batch | None = None

    def detail(self) -> dict[str, Any]:
        """The content for programs: what it is about, in words and in numbers."""
        return {"id": self.id, "about": self.about, "title": self.title, "text": self.text, **self.data}

    def cloud_event(self) -> bytes:
        """The message as a CloudEvent 1.0 in JSON."""
        event = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.kind,
            "subject": self.about,
            "time": self.time.isoformat(),
            "datacontenttype": "application/json",
            "data": self.detail(),
        }
        return event_bytes(event)


def event_bytes(event: dict[str, Any]) -> bytes:
    """A CloudEvent as JSON: the same event always has the same bytes."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def message(
    source: str, kind: Kind, about: str, time: datetime, title: str, lines: list[str], data: dict[str, Any], *news: Any
) -> Message:
    """A message. `news` makes its id different from that of every other message of its kind."""
    return Message(
        id=message_id(source, kind, about, *news),
        source=source,
        kind=kind,
        about=about,
        time=time,
        title=_plain(title),
        text="\n".join(_plain(line) for line in (*lines, _HINT) if line),
        data={name: _cut(value) if isinstance(value, str) else value for name, value in data.items()},
    )


def message_id(*content: Any) -> str:
    """An id made from the content alone."""
    text = json.dumps([str(part) for part in content], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(text: str) -> str:
    """A line for people. Chat tools read <!channel> as a call to everybody and <https://…|words> as a link.

    Such a text may be the value of a trait, which everybody with a browser's write key can send.
    """
    printable = "".join(character if character.isprintable() else " " for character in text)
    return _cut(printable.replace("<", "(").replace(">", ")"))


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 1]}…"
