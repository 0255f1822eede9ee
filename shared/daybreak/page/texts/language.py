"""How a language says something: its texts with values put into them, its dates, its numbers and units."""

import math
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from daybreak.lake.tables import Warned
from daybreak.page.markup import Markup, joined, tag

NBSP = "\u00a0"

PRECISE = 1000
"""From so many people on, a share has a digit after the point."""


@dataclass(frozen=True, slots=True)
class Language:
    """The texts of one language by key.

    A text holds `{values}`, `**strong**` words and, where the number `n` decides, `one form|the other form`.
    """

    code: str
    texts: Mapping[str, str]
    warnings: Mapping[str, str]
    """Kind of warning -> its sentence; empty where the sentence of the table is in this language."""

    def plain(self, key: str, **values: object) -> str:
        """A text without markup, for attributes and titles."""
        return "".join(f"{text}{self._plain(values, field)}" for text, field in self._parsed(key, values)).replace(
            "**", ""
        )

    def say(self, key: str, **values: object) -> Markup:
        """A text as markup. Values that are not markup are escaped."""
        parts: list[object] = []
        strong: list[object] | None = None
        for text, field in self._parsed(key, values):
            for position, piece in enumerate(text.split("**")):
                if position:
                    if strong is not None:
                        parts, strong = [*parts, tag("b", strong)], None
                    else:
                        strong = []
                (parts if strong is None else strong).append(piece)
            if field is not None:
                (parts if strong is None else strong).append(self._value(values[field]))
        return joined(parts)

    def warning(self, warned: Warned) -> str:
        """A doubt about the numbers in a sentence."""
        if warned.kind not in self.warnings:
            return warned.message
        counts = {"count": self.count(warned.count), "total": self.count(warned.total)}
        return self.warnings[warned.kind].format(subject=warned.subject, **counts)

    def count(self, number: int) -> str:
        return f"{number:,}"

    def number(self, value: float) -> str:
        """A number that is not a share, with three digits that count."""
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        return rounded(value, digits)

    def given(self, value: float) -> str:
        """A number that somebody chose, such as a target: whole if it was chosen so."""
        return self.count(int(value)) if value == int(value) else self.number(value)

    def percent(self, share: float, of: int = 0, digits: int | None = None) -> str:
        """A share of so many people; of many people, with a digit after the point."""
        return f"{rounded(share * 100, digits_of(of) if digits is None else digits)}{NBSP}%"

    def interval(self, low: float, high: float, of: int = 0, digits: int | None = None) -> str:
        digits = digits_of(of) if digits is None else digits
        return self.plain("interval", low=rounded(low * 100, digits), high=rounded(high * 100, digits))

    def day(self, day: date) -> str:
        """20 November"""
        return self.plain("date.day", day=str(day.day), month=self._month(day))

    def short_day(self, day: date) -> str:
        """20 Nov"""
        return self.plain("date.short_day", day=str(day.day), month=self._short_month(day))

    def day_and_year(self, day: date) -> str:
        """20 November 2026"""
        return self.plain("date.day_and_year", day=str(day.day), month=self._month(day), year=str(day.year))

    def long_day(self, day: date) -> str:
        """Friday 20 November 2026"""
        weekday = self.texts["weekdays"].split(" ")[day.weekday()]
        return self.plain(
            "date.long_day", weekday=weekday, day=str(day.day), month=self._month(day), year=str(day.year)
        )

    def month(self, day: date) -> str:
        """November 2026"""
        return self.plain("date.month", month=self._month(day), year=str(day.year))

    def short_month(self, day: date) -> str:
        """Nov 2026"""
        return self.plain("date.short_month", month=self._short_month(day), year=str(day.year))

    def period_name(self, period: str, first: date) -> str:
        """A period by its first day: 20 November, or November 2026."""
        return self.month(first) if period == "month" else self.day(first)

    def short_period(self, period: str, first: date) -> str:
        return self.short_month(first) if period == "month" else self.short_day(first)

    def length(self, window: timedelta) -> str:
        """A window as people read it: 24 hours, 7 days."""
        for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
            count, rest = divmod(int(window.total_seconds()), size)
            if not rest and (unit != "day" or count > 1):
                return self.plain(f"length.{unit}", n=count)
        return str(window)

    def about(self, seconds: float) -> str:
        """A length of time in the largest unit of which it has at least two: 2.3 days."""
        for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
            if seconds >= 2 * size:
                value = seconds / size
                return self.plain(f"length.{unit}", n=f"{value:.1f}" if value < 10 else f"{value:.0f}")
        return self.plain("length.second", n=f"{seconds:.0f}")

    def _parsed(self, key: str, values: Mapping[str, object]) -> Iterator[tuple[str, str | None]]:
        text = self.texts[key]
        if "|" in text:
            text = text.split("|")[0 if values.get("n") in (1, "1") else 1]
        for before, field, _, _ in string.Formatter().parse(text):
            yield before, field

    def _plain(self, values: Mapping[str, object], field: str | None) -> str:
        return "" if field is None else str(self._value(values[field]))

    def _value(self, value: object) -> object:
        """A value as this language writes it; a text or markup as it is."""
        if isinstance(value, bool | Markup | str):
            return value
        if isinstance(value, int):
            return self.count(value)
        if isinstance(value, date):
            return self.day(value)
        return value

    def _month(self, day: date) -> str:
        return self.texts["months"].split(" ")[day.month - 1]

    def _short_month(self, day: date) -> str:
        return self.texts["short_months"].split(" ")[day.month - 1]


def digits_of(people: int) -> int:
    """How many digits after the point a share of so many people has, in percent."""
    return int(people >= PRECISE)


def signed(value: float, digits: int) -> str:
    """A difference with its sign; nothing has none."""
    text = rounded(abs(value), digits)
    if not text.strip("0."):
        return text
    return f"{'+' if value > 0 else '−'}{text}"


def rounded(value: float, digits: int) -> str:
    """A number with so many digits after the point, halves upwards, as the script rounds."""
    return f"{math.floor(value * 10**digits + 0.5) / 10**digits:,.{digits}f}"
