"""How a figure is drawn: in which language, for whom, and with the page's data at hand."""

from dataclasses import dataclass
from datetime import date

from daybreak.families.selectors import ANY, Filter, event_selector
from daybreak.page.markup import Markup, name
from daybreak.page.read import EVERYBODY, Group, PageData
from daybreak.page.texts.language import Language

UNSET = "(unset)"
"""The value of people without one, in the result tables."""


@dataclass(frozen=True, slots=True)
class View:
    """The page's data, the language, and whom the figures are about."""

    data: PageData
    language: Language
    group: Group = EVERYBODY

    def people(self, count: int, actor: str) -> str:
        return self.language.plain(f"counted.{actor}", n=count)

    def counted(self, count: int, whom: str = "person") -> str:
        """A count where no word stands for whom it counts; Korean has a syllable for that: 3명."""
        return self.language.plain(f"n.{whom}", n=count)

    def few(self, reached: int, of: int, whom: str = "person") -> str:
        """A share of few people as the two counts that it is made of."""
        return self.language.plain("few", reached=self.counted(reached, whom), of=self.counted(of, whom))

    def few_each(self, reached: int, of: int, whom: str = "person") -> str:
        """A mean of few people as the two counts that it is made of; the first is not of people."""
        return self.language.plain("few.each", reached=reached, of=self.counted(of, whom))

    def family(self, family: str) -> str:
        """The name of a family; of one that the languages do not know, the name of its table in words."""
        key = f"family.{family}"
        return self.language.plain(key) if key in self.language.texts else family.replace("_", " ").capitalize()

    def event(self, selector: str) -> Markup:
        """An event as a definition names it, in quotes; any event as a word."""
        if selector == ANY:
            return self.language.say("any")
        return self.language.say("quoted", name=name(self.event_text(selector)))

    def event_text(self, selector: str) -> str:
        chosen = event_selector(selector)
        if not chosen.event and not chosen.where:
            return self.language.plain("any_event")
        events = self.language.plain("or").join(chosen.event) or self.language.plain("any_event")
        if not chosen.where:
            return events
        conditions = self.language.plain("and").join(map(self._condition, chosen.where))
        return self.language.plain("event.where", event=events, conditions=conditions)

    def _condition(self, wanted: Filter) -> str:
        """A condition on a property of an event: plan = trial, plan is one of trial, paid."""
        values = self.language.plain("comma").join(map(_written, wanted.values()))
        key = {"in": "event.in", "exists": "event.exists"}.get(wanted.op, "event.compared")
        return self.language.plain(key, property=wanted.property, op=wanted.op, values=values)

    def event_text_of(self, subject: str) -> str:
        """An event by the key of its selector, or as it is where it is not one."""
        try:
            return self.event_text(subject)
        except ValueError:
            return subject

    def value(self, value: str) -> str:
        return self.language.plain("unset") if value == UNSET else value

    def notes(self, first: date, last: date) -> list[tuple[date, str]]:
        """The team's notes from one day to another, oldest first."""
        return sorted((n.day, n.text) for n in self.data.project.page.notes if first <= n.day <= last)


def _written(value: str | float | bool) -> str:
    """A value as daybreak.toml writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
