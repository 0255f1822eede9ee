"""Every language of the page says everything, with the same values in it."""

import string

import pytest

from daybreak.metrics.warnings.registry import WARNINGS
from daybreak.page.texts import en, ko
from daybreak.page.texts.languages import LANGUAGES


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


def test_every_language_has_every_text() -> None:
    assert set(ko.TEXTS) == set(en.TEXTS)


@pytest.mark.parametrize("key", en.TEXTS)
def test_a_text_has_the_same_values_in_every_language(key: str) -> None:
    assert placeholders(ko.TEXTS[key]) == placeholders(en.TEXTS[key])


@pytest.mark.parametrize("key", [key for key, text in en.TEXTS.items() if text.count("**") or "**" in ko.TEXTS[key]])
def test_strong_words_begin_and_end(key: str) -> None:
    assert en.TEXTS[key].count("**") % 2 == ko.TEXTS[key].count("**") % 2 == 0


def test_korean_has_a_sentence_for_every_warning() -> None:
    assert set(ko.WARNINGS) == set(WARNINGS)
    assert all(placeholders(text) <= {"subject", "count", "total"} for text in ko.WARNINGS.values())


@pytest.mark.parametrize("texts", [en.TEXTS, ko.TEXTS])
def test_names_of_months_and_weekdays_are_as_many_as_there_are(texts: dict[str, str]) -> None:
    assert [len(texts[key].split(" ")) for key in ("months", "short_months", "weekdays")] == [12, 12, 7]


def test_one_and_many_are_told_apart_where_a_language_does() -> None:
    english, korean = LANGUAGES["en"], LANGUAGES["ko"]
    assert [english.plain("counted.person", n=n) for n in (1, 2, 1200)] == ["1 person", "2 people", "1,200 people"]
    assert [korean.plain("counted.person", n=n) for n in (1, 2, 1200)] == ["1명", "2명", "1,200명"]


@pytest.mark.parametrize(
    ("seconds", "english", "korean"),
    [(30, "30 seconds", "30초"), (119, "119 seconds", "119초"), (7200, "2.0 hours", "2.0시간"), (6 * 3600, "6.0 hours", "6.0시간"),
     (172_800, "2.0 days", "2.0일"), (5000, "83 minutes", "83분")],
)  # fmt: skip
def test_a_length_of_time_is_in_the_largest_unit_of_which_it_has_two(seconds: float, english: str, korean: str) -> None:
    assert LANGUAGES["en"].about(seconds) == english
    assert LANGUAGES["ko"].about(seconds) == korean
