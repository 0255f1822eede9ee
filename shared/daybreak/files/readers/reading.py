"""How files are read, and what there is to say about them afterwards."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from daybreak.mapping.export_mapping import FileMapping


@dataclass(slots=True)
class Reading:
    """The reading of some files: what the reader is told, and what it notes."""

    numbers: Collection[str] = ()
    """The properties that definitions compare with a number; for formats whose values have no types."""
    mapping: FileMapping | None = None
    """Which column is which part of an event, or the zone of a known export; without it, the files have to say it."""
    drafting: bool = False
    """Refuse the first file with a draft of its mapping, also where its columns are clear."""
    said: dict[str, list[str]] = field(default_factory=dict)
    """A sentence about how files were understood -> the files that it is about."""
    ignored: Counter[str] = field(default_factory=Counter)
    """What was read and is not a part of any event -> how often."""

    skipped: list[str] = field(default_factory=list)
    """The files in folders and zip files that are not files of events, each with the reason."""
    _links: set[int] = field(default_factory=set)
    _traits: dict[int, int] = field(default_factory=dict)

    def say(self, file: str, sentence: str) -> None:
        """Note how a file was understood."""
        self.said.setdefault(sentence, []).append(file)

    def is_news(self, made: "Made") -> bool:
        """Whether an event that a reader made says a link or traits that it has not said before: each row of an export
        repeats them. The traits of a person count again when they have changed.
        """
        person = made.get("userId")
        link = hash((made["type"], str(person), str(made.get("anonymousId")), str(made.get("previousId"))))
        news = link not in self._links
        self._links.add(link)
        if traits := made.get("traits"):
            now = hash(repr(traits))
            news |= self._traits.get(hash(person)) != now
            self._traits[hash(person)] = now
        return news


class Made(dict[str, object]):
    """An event that a reader made of a row beside the row's own: whose a device is, or what a person is like."""


class Ignored(str):
    """What a row holds in place of an event, in the plural: it is neither counted nor refused."""

    __slots__ = ()
