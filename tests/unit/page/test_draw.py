"""The whole page as text: escaped, closed, the same each time, complete in both languages."""

import csv
import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from io import StringIO
from urllib.parse import unquote

import pytest

from daybreak.families.registry import FAMILIES
from daybreak.lake.tables import Warned
from daybreak.metrics.warnings.registry import WARNINGS
from daybreak.page.draw import draw
from daybreak.page.figures import card
from daybreak.page.read import PageData
from daybreak.page.texts import ko
from support.page_data import DEFINITIONS, HOSTILE, page_data

VOID = {"meta", "br", "link", "input", "hr"}
HANGUL = re.compile(r"[\uac00-\ud7a3]")
SETTING = ("project", "merge", "signed", "in", "true", "by", "at", "least", "limit", "metric")
"""Words of daybreak.toml that a warning names: the same in every language."""


class Parsed(HTMLParser):
    """What a browser would see: elements with their attributes, texts, and whether everything is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.faults: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.texts)


def drawn(data: PageData) -> Parsed:
    return Parsed(draw(data, {}))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_family_has_a_figure_with_a_table(language: str) -> None:
    page = drawn(page_data(language))
    ids = {found.get("id") for tag, found in page.elements if tag == "figure"}
    assert {str(id_).split(".")[0] for id_ in ids} >= {*FAMILIES, "goal", "list"}
    figures = sum(str(id_).split(".")[0] in {*FAMILIES, "goal"} for id_ in ids)
    assert sum(tag == "details" for tag, _ in page.elements) >= figures
    links = [found for tag, found in page.elements if tag == "a" and "download" in found]
    assert len(links) == figures
    assert all(str(found["href"]).startswith("data:text/csv") for found in links)


@pytest.mark.parametrize("family", sorted({*FAMILIES} - {"retention"}))
@pytest.mark.parametrize("people", [1, 40])
def test_a_family_that_the_page_does_not_know_is_a_line_with_a_table(family: str, people: int) -> None:
    data = page_data("ko", people=people)
    new = [
        replace(one, family=replace(one.family, name="brand_new")) if one.family.name == family else one
        for one in data.measured
    ]
    page = drawn(replace(data, measured=new, late={"brand_new": None}))
    assert f"brand_new.{'first' if family == 'activation' else 'some'}" in {a.get("id") for _, a in page.elements}
    explained = next(one.definition.explain() for one in data.measured if one.family.name == family)
    assert explained in page.text
    assert "Brand new" in page.text
    assert not page.open


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_name_stays_a_name_whatever_is_in_it(hostile: str) -> None:
    harmless, page = drawn(page_data(name="Harmless", event="Harmless")), drawn(page_data(name=hostile, event=hostile))
    assert not page.open
    assert not page.faults
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in harmless.elements]
    assert hostile in page.text


@pytest.mark.parametrize("hostile", [*HOSTILE, "=1+1", "@SUM(A1)", "\t=1+1", "-1+1", "＝1+1"])
def test_a_cell_of_the_csv_never_begins_as_a_formula(hostile: str) -> None:
    links = [str(a["href"]) for tag, a in drawn(page_data(event=hostile)).elements if tag == "a" and "download" in a]
    rows = [row for link in links for row in csv.reader(StringIO(unquote(link.partition(",")[2])))]
    assert any(hostile in cell for row in rows for cell in row)
    assert not [cell for row in rows for cell in row if is_formula(cell) and not re.fullmatch(r"-?[\d.]+", cell)]


BLANKS = ("", " ", "\t", "\n", "\r", "\f", "\x00", " \x00\t ", "\r\n", "\x0b", "\u00a0", "\u3000")
SIGNS = "=+-@＝＋－＠"


def is_formula(cell: str) -> bool:
    """True if a spreadsheet may run a cell: it drops blanks and NUL at the beginning, and knows wide signs too."""
    return cell.lstrip(" \t\n\r\f\x00\x0b\u00a0\u3000")[:1] in tuple(SIGNS)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("blank", BLANKS)
def test_a_text_in_the_csv_of_a_card_is_never_run(blank: str, sign: str) -> None:
    text = f"{blank}{sign}1+1"
    link = card.csv_link(card.Table(["Name", text], [[card.Cell("x", text), card.Cell("x", -1.5)]]))
    rows = list(csv.reader(StringIO(unquote(link.partition(",")[2]), newline="")))
    assert rows == [["Name", f"'{text}"], [f"'{text}", "-1.5"]]
    assert not is_formula(rows[1][0])


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_same_data_gives_the_same_bytes(language: str) -> None:
    assert draw(page_data(language), {}) == draw(page_data(language), {})


def test_the_policy_allows_exactly_the_style_and_the_script_of_the_page() -> None:
    text = draw(page_data(), {})
    page = Parsed(text)
    (policy,) = [a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.S)
    hashes = ["sha256-" + b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (style, *scripts)]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert re.findall(r"'(sha256-[^']+)'", policy) == hashes
    assert "unsafe" not in policy
    assert not [a for _, a in page.elements if "style" in a or any(name.startswith("on") for name in a)]


def test_nothing_is_fetched_from_anywhere() -> None:
    page = drawn(page_data())
    linked = [str(a[name]) for _, a in page.elements for name in ("src", "href") if a.get(name)]
    assert not [link for link in linked if not link.startswith(("#", "data:text/csv"))]
    assert "@import" not in draw(page_data(), {})


def test_korean_says_everything_of_the_products_own_in_korean() -> None:
    page = drawn(page_data("ko", name="제품", event="가입"))
    own = re.sub(r"CSV|NPS|Daybreak|ID|UTC|SHA|p =", "", page.text)
    names = {"Workflow", "Saved", "Run", "Signed", "Up", "Guide", "Shown", "Trial", "Started", "Upgraded", "Viewed",
             "Ticket", "Answered", "plain"}  # fmt: skip
    descriptions = {
        word for one in page_data("ko").measured for word in re.findall(r"[A-Za-z]+", one.definition.description)
    }
    codes = {word for one in page_data("ko").measured for word in re.split(r"[._]", one.id)}
    english = set(re.findall(r"[A-Za-z]{2,}", own)) - names - descriptions - codes - {"role", "ab"}
    assert english == set()


def in_korean(definitions: str) -> str:
    """The definitions with every name of the team's own in Korean, and an event of each form."""
    form = """{{ event = ["가입", "초대"], where = [{{ property = "요금제", op = "in", value = ["무료", "유료"] }},
      {{ property = "팀", op = "exists" }}, {{ property = "수", op = ">=", value = 3 }}] }}"""
    korean = re.sub(r'description = "[^"]*"', 'description = "질문?"', definitions)
    korean = re.sub(r'"(?:Workflow|Guide|Trial|Signed|Upgraded|Viewed|Ticket|Answered|plain)[^"]*"', '"이벤트"', korean)
    return re.sub(r'(steps = \[)"이벤트"', rf"\1{form}", korean)


def spoken(page: Parsed) -> Iterator[str]:
    """Every text of a page that people read or hear, one by one, without codes."""
    yield from page.texts
    for _, attributes in page.elements:
        yield from (text for key in ("aria-label", "label", "title") if (text := attributes.get(key)))
        yield from str(attributes.get("data-tips") or "").replace("\t", "\n").split("\n")


@pytest.mark.parametrize("actor", ["person", "account"])
@pytest.mark.parametrize("people", [3, 40])
def test_a_korean_page_of_korean_names_has_no_english_word(people: int, actor: str) -> None:
    toml = in_korean(DEFINITIONS)
    toml = re.sub(r'(description = "질문\?"|description = \{title\})', rf'\1\nactor = "{actor}"', toml)
    data = page_data("ko", name="제품", event="가입", people=people, toml=toml)
    warned = [
        Warned(kind=kind, definition=None, subject="이벤트", message="in English", count=3, total=7)
        for kind in WARNINGS
    ]
    data = replace(data, warnings=warned, late=dict.fromkeys(FAMILIES, date(2026, 11, 3)), difference=3)
    text = re.sub(r"<code>.*?</code>", "", draw(data, {"activation.first": date(2026, 11, 3)}))
    for found in spoken(Parsed(text)):
        words = set(re.findall(r"[A-Za-z]{2,}", found)) - {"CSV", "NPS", "Daybreak", "ID", "UTC", "role", *SETTING}
        assert not words, found
    assert "가입 또는 초대 (요금제: 무료, 유료 중 하나 및 팀 있음 및 수 &gt;= 3)" in text
    shown = re.sub(r"<[^>]+>", "", re.sub(r"<(details|table).*?</\1>", "", text, flags=re.DOTALL))
    assert re.search(r"중 \d+(?:명|개)", shown)
    assert not re.search(r"중 \d+(?![\d,]*(?:명|개))", shown)


@pytest.mark.parametrize("text", [*ko.TEXTS.values(), *ko.WARNINGS.values()])
def test_a_korean_text_has_no_english_word(text: str) -> None:
    words = set(re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\w+\}", "", text)))
    assert words <= {"CSV", "NPS", "Daybreak", "ID", *SETTING}


def test_english_has_no_korean() -> None:
    assert not HANGUL.search(draw(page_data(), {}))


@pytest.mark.parametrize("days", [1, 2, 9, 400])
@pytest.mark.parametrize("people", [0, 1, 3, 40])
def test_a_project_of_any_age_and_size_has_a_page(days: int, people: int) -> None:
    page = drawn(page_data(days=days, people=people))
    assert not page.open
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", page.text)


def test_a_project_without_any_row_has_a_page() -> None:
    data = page_data()
    empty = replace(
        data, measured=[replace(one, rows={}) for one in data.measured], goals=[], alerts=[], lists=[], late={}
    )
    page = drawn(empty)
    assert "Nobody is counted yet" in page.text
    assert not [a for tag, a in page.elements if tag == "figure"]


def test_the_day_of_a_changed_definition_is_said() -> None:
    page = Parsed(draw(page_data(), {"activation.first": date(2026, 11, 3)}))
    assert "3 November 2026" in page.text
