"""Drop or hash personal data before it is stored: IP addresses and browsers by default, and the fields a team lists."""

import hashlib
import hmac
import json
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

FieldPath = Annotated[str, StringConstraints(pattern=r"^(properties|traits|context)(\.[^.]+)+$")]
"""A field of an event: `properties.email`, `traits.phone`, `context.device.advertisingId`."""

_PERSONAL = {
    "ip": ["context.ip"],
    "user_agent": ["context.userAgent", "context.userAgentData"],
}
"""Fields that SDKs and proxies add by themselves and that no metric reads."""

_DROPPED = object()
_HASHED = re.compile(r"^sha256:[0-9a-f]{64}$")


class Privacy(BaseModel):
    """[privacy]: the fields that are dropped or hashed before an event is stored anywhere, the quarantine included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep: Annotated[
        list[Literal["ip", "user_agent"]],
        Field(description="Kept although they can identify a person; dropped by default"),
    ] = []
    drop: Annotated[
        list[FieldPath], Field(description="Fields that are removed, such as `properties.card_number`")
    ] = []
    hash: Annotated[
        list[FieldPath],
        Field(description="Fields stored as a keyed hash, such as `traits.email`; equal values have equal hashes"),
    ] = []

    def drops_trait(self, trait: str) -> bool:
        """True if a trait is never stored, or not where some SDKs put it."""
        return any(path.removeprefix("context.") == f"traits.{trait}" for path in self.drop)

    def cleaner(self, salt: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """A function that returns an event, or a batch's context as {"context": …}, without what must not be kept.

        Its argument is not changed. `salt` keys the hashes: the same value has another hash in another deployment.
        """
        dropped = [*self.drop, *(path for name, paths in _PERSONAL.items() if name not in self.keep for path in paths)]
        changes: list[tuple[list[str], Callable[[Any], Any]]] = [(path, _drop) for path in _paths(dropped)]
        changes += [(path, lambda value: _hashed(value, salt)) for path in _paths(self.hash)]

        def clean(event: dict[str, Any]) -> dict[str, Any]:
            for path, change in changes:
                event = _changed(event, path, change)
            return event

        return clean


def load_privacy(file: Path) -> Privacy:
    """[privacy] of a daybreak.toml, or the defaults without one. The file was checked when it was deployed."""
    return Privacy.model_validate(tomllib.loads(file.read_text()).get("privacy", {}))


def _paths(paths: Sequence[str]) -> list[list[str]]:
    """The paths of these fields in an event. Traits may also be in its context, where some SDKs put them."""
    in_context = [f"context.{path}" for path in paths if path.startswith("traits.")]
    return [path.split(".") for path in (*paths, *in_context)]


def _changed(holder: dict[str, Any], path: list[str], change: Callable[[Any], Any]) -> dict[str, Any]:
    """`holder` with the value at `path` changed; `holder` itself without one. Copies only what is on the path."""
    name = path[0]
    if name not in holder:
        return holder
    value = holder[name]
    if len(path) > 1:
        if not isinstance(value, dict):
            return holder
        inner = _changed(value, path[1:], change)
        return holder if inner is value else {**holder, name: inner}
    replaced = change(value)
    if replaced is _DROPPED:
        return {key: kept for key, kept in holder.items() if key != name}
    return {**holder, name: replaced}


def _drop(_value: Any) -> Any:
    return _DROPPED


def _hashed(value: Any, salt: str) -> Any:
    """The keyed hash of a value. Null and hashed values stay as they are, because an event may be cleaned twice."""
    if value is None or (isinstance(value, str) and _HASHED.match(value)):
        return value
    try:
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    except RecursionError:  # nested deeper than in any event that is stored
        return _DROPPED
    digest = hmac.new(salt.encode(), text.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()
    return f"sha256:{digest}"
