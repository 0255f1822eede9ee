"""An alert's episode on the page: a sentence for each change while it lasts, and for each way in which it ends."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from daybreak.lake.tables import AlertEpisode, RefusedAlert
from daybreak.page.figures.alerts import alert_sentence
from daybreak.page.figures.head import head
from daybreak.page.read import is_news
from daybreak.page.texts.languages import LANGUAGES
from daybreak.page.view import View
from support.news import DAY, episode
from support.page_data import page_data

REFUSED = {
    "metric": "with 21 people in 7 days it could see nothing smaller than a total loss. Watch a number of more people",
    "limit": "21 people in 7 days are too few for its limit",
    "by_at_least": "a rise as large as by_at_least is over 100 %",
}


@pytest.mark.parametrize("field", REFUSED)
def test_the_head_says_in_both_languages_which_alert_is_not_looked_at(field: str) -> None:
    refused = RefusedAlert(alert="no_<b>", field=field, people=21, days=7, message="in English")
    heads = {
        code: re.sub("<[^>]+>", "", str(head(View(replace(page_data(), refused=[refused]), LANGUAGES[code]))))
        for code in ("en", "ko")
    }
    assert REFUSED[field] in heads["en"]
    assert "Alert no_&lt;b&gt; is not looked at: " in heads["en"]
    assert "알림 no_&lt;b&gt;: 살펴보지 않습니다." in heads["ko"]
    assert "in English" not in heads["en"] + heads["ko"]


CHANGES = ("fell", "rose", "below", "above", "stopped")


def told(row: AlertEpisode, code: str = "en") -> str:
    return re.sub("<[^>]+>", "", str(alert_sentence(row, View(page_data(), LANGUAGES[code]))))


@pytest.mark.parametrize(
    ("ending", "changes", "says"),
    [
        ("recovered", ("fell", "rose"), "over. It is back to 22"),
        ("recovered", ("below", "above"), "over. 22"),
        ("recovered", ("stopped",), "over. The event comes again"),
        ("settled", ("fell", "rose"), "ended. It has stayed at 22"),
        ("settled", ("stopped",), "ended. The event has not come since"),
        ("unmeasured", CHANGES, "ended. Too few people have come to measure it"),
    ],
)
def test_a_sentence_says_how_an_episode_ended(ending: str, changes: tuple[str, ...], says: str) -> None:
    for change in changes:
        row = episode(
            change=change, number=None if change == "stopped" else "rate", closed=episode().opened, ending=ending
        )
        assert f"New people no longer get on: {says}" in told(row)
        assert told(row, "ko") != told(row.model_copy(update={"closed": None, "ending": None}), "ko")
        assert ("back" in told(row)) == (says == "over. It is back to 22")


def test_what_lasts_is_told_as_its_change() -> None:
    assert all("ended" not in told(episode(change=change)) for change in CHANGES)


@pytest.mark.parametrize(
    ("closed", "ending", "expected"),
    [
        (None, None, True),
        (DAY, "settled", True),
        (DAY, "dropped", False),
        (DAY - timedelta(days=1), "recovered", False),
    ],
)
def test_an_alert_that_somebody_has_removed_is_not_news(
    closed: date | None, ending: str | None, expected: bool
) -> None:
    assert is_news(episode(closed=closed, ending=ending), DAY) == expected
