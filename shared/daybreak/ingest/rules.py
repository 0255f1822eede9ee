"""The rules of one deployment: which fields are dropped, which events are planned, and who is forgotten."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from daybreak.ingest.tracking_plan import Plan

PEOPLE = ("userId", "anonymousId", "previousId")
"""The fields, as clients send them, that say who an event is about."""

UNREAD = "webhookBody"
"""In a record of the quarantine: the body of a webhook that nothing maps. It is about everybody whose id is in it."""

_NOTHING = frozenset(
    {"undefined", "null", "(null)", "<null>", "nil", "<nil>", "none", "nan", "\\n"}  # the last is SQL's \N
)
_LEFTOVER = re.compile(
    r"""\[object\ \w+\]                 # an object that JavaScript wrote as text
    | [{(]?0[0-]*0[)}]?                # zeros only, two or more: an all-zero UUID
    | .*\{\{.*\}\}.*                  # {{user.id}}
    | .*[$\#]\{.*\}.*                 # ${userId}, #{user_id}
    | .*<%.*%>.*                       # <%= user.id %>
    | \{[a-z_.]+\}                     # {user_id}
    | %{1,2}[a-z_][\w.]*%{1,2}         # %USER_ID%, %%USER_ID%%
    """,
    re.VERBOSE | re.DOTALL,
)
_LONGEST_PLACEHOLDER = 100
"""A longer text is an id, so that no text costs much time here."""

Clean = Callable[[dict[str, Any]], dict[str, Any]]
"""Returns an event, or a batch's context as {"context": …}, without what must not be kept; see `Privacy.cleaner`."""


def forgotten_digest(person: str) -> bytes:
    """The stored form of the id of somebody who asked to be forgotten: 16 bytes of its SHA-256, never the id itself."""
    return hashlib.sha256(person.encode("utf-8", "surrogatepass")).digest()[:16]


def is_placeholder(value: str) -> bool:
    """True for a text that a client sends where it has no id: it would make one person of everybody who has none.

    These are `undefined`, `null`, `(null)`, `<null>`, `nil`, `<nil>`, `none`, `nan`, SQL's `\\N`, `[object Object]`,
    blanks, two or more zeros with or without dashes (`00000000-0000-0000-0000-000000000000`), and what is left of a
    template that was not filled in (`{{user.id}}`, `${userId}`, `#{id}`, `<%= id %>`, `{user_id}`, `%USER_ID%`). Case
    and blanks at the ends do not matter. A lone `0` is an id: databases do number from 0.
    """
    text = value.strip().casefold()
    if len(text) > _LONGEST_PLACEHOLDER:
        return False
    return not text or text in _NOTHING or bool(_LEFTOVER.fullmatch(text))


def id_text(value: Any) -> str | None:
    """An id, as sent, as text. None if it is absent, empty, a placeholder, or cannot be an id, as true and 7.5."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return None if is_placeholder(text) else text


def person_ids(raw: Any) -> list[str]:
    """The ids of the people that an event, as sent, is about: the user or else the anonymous id, and an alias's old id.

    The ids are as the canonical event holds them. Placeholders and values that cannot be an id are left out. Of the
    body of a webhook that nothing maps, every text and whole number may be an id.
    """
    if not isinstance(raw, dict):
        return []
    user, anonymous, previous = (id_text(raw.get(name)) for name in PEOPLE)
    named = [found for found in (user or anonymous, previous) if found]
    return [*named, *_texts_in(raw[UNREAD])] if UNREAD in raw else named


def _texts_in(value: Any) -> Iterator[str]:
    """Every text and whole number inside of a value, however deep."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            waiting.extend(one.values() if isinstance(one, dict) else one)
        elif text := id_text(one):
            yield text


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force while a request is judged."""

    clean: Clean = lambda event: event
    plan: Plan | None = None
    forgotten: frozenset[bytes] = frozenset()
    """Digests of the ids of people who asked to be forgotten."""

    def forgets(self, raw: Any) -> bool:
        """True if an event, as sent, is about somebody who asked to be forgotten.

        An event of another user on a device that was theirs is not about them. A value that is not an object is about
        nobody.
        """
        return bool(self.forgotten) and any(forgotten_digest(person) in self.forgotten for person in person_ids(raw))


NO_RULES = Rules()
