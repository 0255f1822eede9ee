"""All known exports, and which of them a row is of."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from daybreak.errors import InputError
from daybreak.files.readers.exports import (
    amplitude,
    answers,
    ga4,
    heap,
    matomo,
    mixpanel,
    posthog,
    segment,
    shopify,
    snowplow,
    stripe,
    tickets,
)
from daybreak.files.readers.exports.export import Export, normal
from daybreak.mapping.export_mapping import ExportMapping

EXPORTS: tuple[Export, ...] = (
    mixpanel.RAW,
    ga4.EXPORT,
    amplitude.EXPORT,
    posthog.EXPORT,
    mixpanel.TABLE,
    *segment.TABLES,
    snowplow.EXPORT,
    shopify.EXPORT,
    tickets.ZENDESK,
    answers.TYPEFORM,
    answers.DELIGHTED,
    answers.WOOTRIC,
    stripe.EXPORT,
    tickets.INTERCOM,
    matomo.EXPORT,
    heap.EXPORT,
)
"""In the order in which they are looked for."""
_COUNTS_ONLY = frozenset({"date", "visitors", "pageviews"})
"""Plausible's tables."""


def export_of(file: str, row: Mapping[str, Any]) -> Export | None:
    """The export that has such a row, or a table with these columns. Raises InputError for one that cannot be read."""
    names = frozenset(map(normal, _names(row)))
    if names >= _COUNTS_ONLY:
        why = "an export of counts, such as Plausible's: it names no person; collect events with an SDK"
        raise InputError(f"{file}: is {why}")
    return _with(names)


def export_with_zone(row: Mapping[str, Any], mapping: ExportMapping) -> Export | None:
    """The export that a mapping names, with its times in the mapping's zone; None if such a row is not one of it."""
    names = frozenset(map(normal, _names(row)))
    of_tool = (export for export in EXPORTS if export.tool == mapping.export and export.is_of(names))
    return next((export.in_zone(export, mapping.zone) for export in of_tool if export.in_zone), None)


def are_known(columns: Iterable[str]) -> bool:
    """Whether these are the columns of an export that is read."""
    return _with(frozenset(map(normal, columns))) is not None


def _with(names: frozenset[str]) -> Export | None:
    return next((export for export in EXPORTS if export.is_of(names)), None)


def renamed(columns: Iterable[str], export: Export) -> dict[str, str]:
    """The columns of a table that an export asks for, in its own spelling: Snowflake writes names in capitals."""
    asked = export.known_by | export.fields
    return {column: normal(column) for column in columns if normal(column) in asked}


def _names(row: Mapping[str, Any]) -> Iterator[str]:
    """The keys of a row, and those one level below: data.object, and items[].answers of the first item."""
    for key, value in row.items():
        yield key
        inner, joint = (value[0], "[].") if isinstance(value, list) and value else (value, ".")
        if isinstance(inner, Mapping):
            yield from (f"{key}{joint}{below}" for below in inner)
