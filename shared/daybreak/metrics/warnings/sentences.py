"""Says each warning in a sentence. A reader who may not read events is shown no id and no value of few people."""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from daybreak.metrics.warnings.found import Found, Reader

_NAMES_SHOWN = 8
_VALUES_SHOWN = 5
_IDS_SHOWN = 5
_ARTICLES = {
    "text": "text",
    "number": "a number",
    "truth value": "true or false",
    "list": "a list",
    "object": "an object",
}


def day_not_exported(found: Found, reader: Reader) -> str:
    del reader
    days = found.detail["days"]
    more = f" and {len(days) - _IDS_SHOWN:,} more" if len(days) > _IDS_SHOWN else ""
    are, them = ("day is", "it") if len(days) == 1 else ("days are", "them")
    return (
        f"{len(days):,} {are} not exported, {', '.join(days[:_IDS_SHOWN])}{more}: what newly arrived on {them} is in "
        f"no number, not even in complete rows, and what had arrived before {them} may count twice, until the export "
        "succeeds; its log names the cause"
    )


def event_never_came(found: Found, reader: Reader) -> str:
    return f"no event {found.subject!r} ever arrived{_nearest(found, reader)}"


def trait_never_set(found: Found, reader: Reader) -> str:
    return f"trait {found.subject!r} was never set, so everybody is (unset){_nearest(found, reader)}"


def property_never_came(found: Found, reader: Reader) -> str:
    return f"property {found.subject!r} is in none of its {found.total:,} events{_nearest(found, reader)}"


def value_never_came(found: Found, reader: Reader) -> str:
    detail = found.detail
    none = f"none of {_events(found.total, detail['events'])} has {detail['condition']}"
    present = [came for came in detail["came"] if came["kind"] != "absent"]
    if detail["property"] in reader.private:
        return f"{none}; [privacy] drops or hashes the property"
    return f"{none}: {'; '.join(filter(None, [_kinds(found, present), _values(found, present, reader)]))}"


def filter_never_met(found: Found, reader: Reader) -> str:
    del reader
    names = " and ".join(found.detail["properties"])
    return (
        f"none of {_events(found.total, found.subject)} meets all conditions of its filter, though each is met by "
        f"some: look at {names} together"
    )


def survey_scale(found: Found, reader: Reader) -> str:
    detail = found.detail
    lowest, highest, scale = detail["lowest"], detail["highest"], detail["scale"]
    if detail["doubt"] == "above":
        most = int(detail["highest_answer"])
        return (
            f"none of {found.total:,} answers was above {most}, and {scale} goes from {lowest} to {highest}: "
            "was it asked on a shorter scale?"
        )
    if detail["doubt"] == "turned":
        return (
            f"{found.count:,} of {found.total:,} answers are from {lowest} to {detail['low_to']}, most often {lowest}, "
            f"and {highest} is the best answer in {scale}: is {lowest} the best one here?"
        )
    out = "none of {1:,} answers is" if found.count == found.total else "{0:,} of {1:,} answers are not"
    return (
        f"{out.format(found.count, found.total)} a whole number from {lowest} to {highest}, as {scale} takes them, "
        f"so they are left out{_shown(detail['off'], detail['property'], reader, ': ')}"
    )


def number_as_text(found: Found, reader: Reader) -> str:
    example = found.detail["example"]
    such = f", such as {_json(example['value'])}" if reader.may_see(found.detail["property"], example["ids"]) else ""
    return (
        f"{found.subject} is text in {found.count:,} of {_events(found.total, found.detail['events'])} and is compared "
        f"with a number{such}: these never match"
    )


def value_spelling(found: Found, reader: Reader) -> str:
    detail = found.detail
    if detail["property"] in reader.private:
        return f"{found.subject} has another spelling of a value that the definition names, in {found.count:,} events"
    came = _typed(detail["came"], detail["came_kind"], also=detail["wanted_kind"])
    wanted = _typed(detail["wanted"], detail["wanted_kind"], also=detail["came_kind"])
    return f"{found.subject} is {came}, not {wanted}, in {found.count:,} of {_events(found.total, detail['events'])}"


def name_spelling(found: Found, reader: Reader) -> str:
    name, other, events = (found.detail[part] for part in ("name", "other", "events"))
    two = f"the events {_json(name)} ({events:,}) and {_json(other)} ({found.count:,})"
    if found.definition is None and not reader.reads_events:
        two = "two events that no definition counts"
    return f"{two} differ only by capital letters or blanks: they are two different events"


def same_message_id(found: Found, reader: Reader) -> str:
    del reader
    are = "event was" if found.count == 1 else "events were"
    return (
        f"{found.count:,} {are} left out because of a message id that came before, though person or event name differ: "
        "each event needs an id of its own"
    )


def link_not_followed(found: Found, reader: Reader) -> str:
    links = [" and ".join(map(_json, ids)) for ids in found.detail["links"][:_IDS_SHOWN]]
    more = [f"{found.count - len(links):,} more"] if found.count > len(links) else []
    such = f": {'; '.join([*links, *more])}" if reader.reads_events else ""
    one = found.count == 1
    joins, people = ("link joins", "is") if one else ("links join", "are")
    return (
        f"{found.count:,} {joins} two people who have both signed in, and {people} not followed{such}; "
        "if they are one person, set merge_signed_in = true in [project]"
    )


def id_like_none(found: Found, reader: Reader) -> str:
    ids = found.detail["ids"]
    one = len(ids) == 1
    named = f"the id {_listed(ids, _IDS_SHOWN)}" if one else f"the ids {_listed(ids, _IDS_SHOWN)}"
    if not reader.reads_events:
        named = "an id" if one else f"{len(ids):,} ids"
    looks, has = ("looks", "has") if one else ("look", "have")
    return f"{named} {looks} like none, and {has} {found.count:,} of {found.total:,} events: is each one person?"


def one_id(found: Found, reader: Reader) -> str:
    who = f"the id {_json(found.detail['id'])}" if reader.reads_events else "one id"
    return f"{who} has {found.count:,} of {found.total:,} events: is it one person?"


def id_spelling(found: Found, reader: Reader) -> str:
    such = f": {' and '.join(map(_json, found.detail['people'][:3]))}" if reader.reads_events else ""
    return (
        f"{found.count:,} of {found.total:,} ids differ from another only by capital letters or blanks, "
        f"and are counted as different people{such}"
    )


def _events(count: int, names: str) -> str:
    """A number of events with their name: 2 events "Paid"."""
    return f'{count:,} event{"s" if count != 1 else ""} "{names}"' if names != "any event" else f"{count:,} events"


def _kinds(found: Found, came: Sequence[Mapping[str, Any]]) -> str:
    """What kind of value the property has, where none of them is of the kind that the definition names."""
    kinds = {one["kind"] for one in came}
    wanted = set(found.detail["wanted_kinds"])
    if kinds & wanted or not (wanted or kinds == {"null"}):
        return ""
    events = sum(one["events"] for one in came)
    named = " or ".join(_ARTICLES.get(kind, kind) for kind in sorted(kinds))
    of = "all" if events == found.total > 1 else f"{events:,} of"
    where = f"{of} {found.total:,} event{'s'[: found.total != 1]}"
    compared = f" and is compared with {' or '.join(_ARTICLES[kind] for kind in sorted(wanted))}" if wanted else ""
    return f"{found.subject} is {named} in {where}{compared}"


def _values(found: Found, came: Sequence[Mapping[str, Any]], reader: Reader) -> str:
    """The values that came, and the one of them that is nearly the value that the definition names."""
    shown = _shown(came, found.subject, reader, "it was ")
    near = [
        f"{_typed(one['value'], one['kind'], also=kind)}, not {_typed(value, kind, also=one['kind'])}"
        for one in came
        for value, kind in zip(found.detail["wanted"], found.detail["wanted_kinds"], strict=True)
        if one["value"] is not None and _alike(one["value"], value) and " != " not in found.detail["condition"]
    ]
    return "; ".join(filter(None, [shown, *near]))


def _shown(came: Iterable[Mapping[str, Any]], property_: str, reader: Reader, before: str) -> str:
    """The most frequent values that the reader may see, with their numbers of events."""
    values = [one for one in came if one["value"] is not None and reader.may_see(property_, one["ids"])]
    texts = [f"{_typed(v['value'], v['kind'])} ({v['events']:,})" for v in values[:_VALUES_SHOWN]]
    more = [f"{len(values) - _VALUES_SHOWN:,} more"] if len(values) > _VALUES_SHOWN else []
    return before + ", ".join([*texts, *more]) if texts else ""


def _typed(value: str, kind: str, also: str | None = None) -> str:
    """A value as JSON writes it; with its kind, where it stands beside one of another kind."""
    text = _json(value) if kind == "text" else value
    return f"the {kind} {text}" if also not in (None, kind) else text


def _alike(one: str, other: str) -> bool:
    """True if two texts differ only by case or blanks."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _listed(texts: Sequence[str], most: int) -> str:
    more = [f"{len(texts) - most:,} more"] if len(texts) > most else []
    return ", ".join([*map(_json, texts[:most]), *more])


def _nearest(found: Found, reader: Reader) -> str:
    """The known name that was probably meant, or else the names that came: some may hold ids, so not for everybody."""
    known: list[str] = found.detail["known"]
    near = difflib.get_close_matches(found.subject, known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    if not known or not reader.reads_events:
        return ""
    return "; the events hold " + ", ".join(sorted(known)[:_NAMES_SHOWN]) + (", …" if len(known) > _NAMES_SHOWN else "")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
