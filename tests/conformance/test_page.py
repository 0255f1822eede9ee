"""The page in a real browser: one request, no word in the console, complete without a script, by keys, on a phone, in
both schemes and languages, on paper, and for people who cannot see it.

Screenshots of the example product's page are written to tests/conformance/.screenshots, so that a person looks at them.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from daybreak.definitions.project import load
from daybreak.engine.database import Limits
from daybreak.example.decisions import AS_OF
from daybreak.example.demonstrate import demonstrate
from daybreak.export.run import begin
from daybreak.files.compute import compute_files
from daybreak.lake.store import FolderStore
from daybreak.page.draw import draw
from daybreak.page.read import PageData, read
from support.page_data import DAY, HOSTILE, TODAY, page_data

SCREENSHOTS = Path(__file__).parent / ".screenshots"
CHROMIUM = shutil.which("chromium")
LANGUAGES: tuple[Literal["en", "ko"], ...] = ("en", "ko")
WIDTHS = (390, 768, 1280)
FIGURES = "Object.fromEntries([...document.querySelectorAll('figure')].map((f) => [f.id, f.outerHTML]))"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PageData]:
    """The example product's page data by language."""
    out, lake = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("lake")
    done = demonstrate(out)
    project = load(done.definitions_file)
    compute_files([str(done.events_file)], project, AS_OF, lake, now=AS_OF)
    with begin(FolderStore(lake), project, Limits()) as run:
        data = read(run, AS_OF.date(), AS_OF)
    pages = {code: project.page.model_copy(update={"language": code}) for code in LANGUAGES}
    return {code: replace(data, project=project.model_copy(update={"page": page})) for code, page in pages.items()}


@contextmanager
def opened(
    browser: Browser, folder: Path, data: PageData, **context: Any
) -> Iterator[tuple[Page, list[str], list[str]]]:
    """The page in a tab of its own, with the requests it makes and the lines it leaves in the console."""
    file = folder / "page.html"
    file.write_text(draw(data, {}), encoding="utf-8")
    made = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
    tab = made.new_page()
    requests, lines = list[str](), list[str]()
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("console", lambda message: lines.append(message.text))
    tab.on("pageerror", lambda error: lines.append(str(error)))
    tab.goto(file.as_uri())
    if context.get("java_script_enabled", True):
        tab.wait_for_selector(".controls:not([hidden])", state="attached")
    yield tab, requests, lines
    made.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_one_request_and_says_nothing_in_the_console(
    browser: Browser, tmp_path: Path, example: dict[str, PageData], language: str
) -> None:
    with opened(browser, tmp_path, example[language]) as (tab, requests, lines):
        for name in ("26w", "all", "8w"):
            tab.select_option("#range", name)
        values = tab.eval_on_selector_all("#segment option", "options => options.map((option) => option.value)")
        for value in values:
            tab.select_option("#segment", value)
        assert len(values) > 5
        assert len(requests) == 1
        assert lines == []


def test_the_script_draws_every_figure_as_python_did(
    browser: Browser, tmp_path: Path, example: dict[str, PageData]
) -> None:
    for number, data in enumerate(
        [
            *example.values(),
            page_data(days=200),
            page_data(days=200, changed=TODAY - 20 * DAY),
            page_data(days=30, people=300),
            page_data(days=30, people=10),
            page_data(days=1),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        with opened(browser, folder, data) as (tab, _, lines):
            drawn = tab.evaluate(FIGURES)
            tab.select_option("#range", "all")
            tab.select_option("#range", "8w")
            again = {id_: markup.replace(' data-changed="yes"', "") for id_, markup in tab.evaluate(FIGURES).items()}
            assert tab.locator("figure[data-changed]").count() > 0
            assert lines == []
            for id_, markup in drawn.items():
                assert again[id_] == markup


@pytest.mark.parametrize(
    "asked", ["range=constructor", "range=__proto__&segment=constructor", "range=", "segment=toString"]
)
def test_an_address_that_names_nothing_shows_eight_weeks(browser: Browser, tmp_path: Path, asked: str) -> None:
    with opened(browser, tmp_path, page_data(days=200)) as (tab, _, lines):
        drawn = tab.evaluate(FIGURES)
        tab.goto("about:blank")
        tab.goto((tmp_path / "page.html").as_uri() + f"#{asked}")
        tab.wait_for_selector(".controls:not([hidden])", state="attached")
        assert tab.evaluate(FIGURES) == drawn
        assert tab.locator("#range").input_value() == "8w"
        assert lines == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_script_every_figure_and_table_is_there(
    browser: Browser, tmp_path: Path, example: dict[str, PageData], language: str
) -> None:
    with opened(browser, tmp_path, example[language]) as (tab, _, _lines):
        figures, rows = tab.locator("figure").count(), tab.locator("figure tbody tr").count()
    with opened(browser, tmp_path, example[language], java_script_enabled=False) as (tab, _, _lines):
        assert tab.locator("figure").count() == figures > 40
        assert tab.locator("figure tbody tr").count() == rows > 500
        assert tab.locator(".controls").is_hidden()
        assert tab.locator("svg path.line").count() > 30


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_no_violation(
    browser: Browser, tmp_path: Path, example: dict[str, PageData], language: str, scheme: Literal["light", "dark"]
) -> None:
    for data in (example[language], page_data(language)):
        with opened(browser, tmp_path, data, color_scheme=scheme, bypass_csp=True) as (tab, _, _lines):
            tab.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
            found = Axe().run(tab)
            assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_wider_than_the_screen(
    browser: Browser, tmp_path: Path, example: dict[str, PageData], language: str, width: int
) -> None:
    for data in (example[language], page_data(language, name="x" * 200, event="y" * 200)):
        with opened(browser, tmp_path, data, viewport={"width": width, "height": 800}) as (tab, _, _lines):
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            assert (
                tab.evaluate("""[...document.querySelectorAll('.card')].filter((card) => !card.matches('.scroll')
                && [...card.querySelectorAll('h3, .label, .number, .plot, .legend')]
                .some((part) => part.getBoundingClientRect().right > card.getBoundingClientRect().right + 1))
                .map((card) => card.id)""")
                == []
            )


def test_keys_reach_every_figure_and_say_its_numbers(
    browser: Browser, tmp_path: Path, example: dict[str, PageData]
) -> None:
    with opened(browser, tmp_path, example["en"]) as (tab, _, _lines):
        plots = tab.locator(".plot").count()
        said, reached = set(), 0
        for _ in range(600):
            tab.keyboard.press("Tab")
            if tab.evaluate("document.activeElement === document.body"):
                break
            if tab.evaluate("document.activeElement.matches('.plot')"):
                reached += 1
                tab.keyboard.press("End")
                tab.keyboard.press("ArrowLeft")
                said.add(tab.locator("[aria-live]").inner_text())
                tab.keyboard.press("Escape")
                assert tab.locator(".tip").is_hidden()
        assert reached == plots
        assert len(said) > plots / 2
        assert all(said)


def test_the_address_keeps_segment_and_range(browser: Browser, tmp_path: Path, example: dict[str, PageData]) -> None:
    with opened(browser, tmp_path, example["en"]) as (tab, _, _lines):
        tab.select_option("#segment", "role=analyst")
        tab.select_option("#range", "26w")
        address = tab.url
        shown = tab.locator("[id='activation.first_workflow'] .number").inner_text()
    with opened(browser, tmp_path, example["en"]) as (tab, _, _lines):
        everybody = tab.locator("[id='activation.first_workflow'] .number").inner_text()
        tab.goto(address)
        tab.reload()
        tab.wait_for_selector(".for")
        assert tab.locator("#segment").input_value() == "role=analyst"
        assert tab.locator("#range").input_value() == "26w"
        assert tab.locator("[id='activation.first_workflow'] .number").inner_text() == shown != everybody


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_name_runs_nothing_and_breaks_nothing(browser: Browser, tmp_path: Path, hostile: str) -> None:
    with opened(browser, tmp_path, page_data(name=hostile, event=hostile), viewport={"width": 390, "height": 800}) as (
        tab, requests, lines,
    ):  # fmt: skip
        tab.on("dialog", lambda dialog: lines.append(dialog.message))
        tab.select_option("#segment", index=1)
        tab.select_option("#range", "all")
        assert tab.locator("h3").first.inner_text() == hostile.replace("\u202e", "\u202e")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        assert lines == []
        assert len(requests) == 1


def test_on_paper_no_figure_is_cut_and_the_ground_is_white(
    browser: Browser, tmp_path: Path, example: dict[str, PageData]
) -> None:
    with opened(browser, tmp_path, example["en"], color_scheme="dark") as (tab, _, _lines):
        tab.emulate_media(media="print", color_scheme="dark")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert tab.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(20, 23, 31)"
        assert tab.locator(".controls").is_hidden()
        assert tab.evaluate("""[...document.querySelectorAll('figure')]
            .every((figure) => getComputedStyle(figure).breakInside === 'avoid')""")
        paper = tab.pdf(format="A4")
        assert paper.startswith(b"%PDF")
        a4 = 297 / 25.4 * 96
        tall = tab.evaluate("Math.max(...[...document.querySelectorAll('figure')].map((f) => f.offsetHeight))")
        assert tall < a4


PAINTS = """(() => {
    const of = (mark) => { const style = getComputedStyle(mark); return [style.fill, style.stroke, style.strokeDasharray,
        style.strokeWidth].join(' '); };
    const seen = (selector) => [...new Set([...document.querySelectorAll(selector)].map(of))];
    const ground = getComputedStyle(document.querySelector('.card')).backgroundColor;
    const invisible = [...document.querySelectorAll(
        'path.line, rect.solid, rect.b1, rect.b2, rect.b3, rect.b4, rect.interval, circle.dot, .cut line, .note line, .whisker, .outline, ' +
        '.track .needed, .track .target, text:not([class^=in-])')]
        .filter((mark) => { const style = getComputedStyle(mark); const paint = style.fill === 'none' ? style.stroke : style.fill;
            return ['none', ground].includes(paint) && ['none', ground].includes(style.stroke); })
        .map((mark) => mark.outerHTML.slice(0, 90));
    const keys = [...document.querySelectorAll('.legend')].filter((key) => key.offsetParent).map((key) =>
        [...key.querySelectorAll('i')].map((mark) => { const style = getComputedStyle(mark);
            return [style.backgroundColor, style.backgroundImage, style.borderTop, style.borderLeft, style.borderRadius,
                style.height, style.width].join(' '); }));
    return { ground, invisible, keys,
        kinds: ['path.line:not(.few, .open, .before, .l2, .l3)', 'path.line.open:not(.l1, .l2, .l3)', 'path.line.before',
            'path.line.l2:not(.open)', 'path.line.l3:not(.open)', 'rect.b1', 'rect.b2', 'rect.b3', 'rect.b4', 'rect.solid', 'rect.outline'].map((kind) =>
            [kind, seen(kind)]) };
})()"""
"""The paint of every kind of mark, the marks that have the colour of the ground, and how the keys look."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_forced_colours_every_mark_is_seen_and_none_looks_like_another(
    browser: Browser, tmp_path: Path, example: dict[str, PageData], scheme: Literal["light", "dark"]
) -> None:
    for data in (example["en"], page_data(changed=TODAY - 20 * DAY), page_data(people=10)):
        with opened(browser, tmp_path, data, forced_colors="active", color_scheme=scheme) as (tab, _, lines):
            found = tab.evaluate(PAINTS)
            assert found["invisible"] == []
            kinds = {kind: paints for kind, paints in found["kinds"] if paints}
            assert len(kinds) >= 8
            for one, other in combinations(["path.line.l2:not(.open)", "path.line.l3:not(.open)", "path.line.before", "path.line.open:not(.l1, .l2, .l3)",
                                            "path.line:not(.few, .open, .before, .l2, .l3)"], 2):  # fmt: skip
                assert not set(kinds.get(one, [])) & set(kinds.get(other, [])), (one, other)
            for one, other in combinations(["rect.b1", "rect.b2", "rect.b3", "rect.b4"], 2):
                assert not set(kinds.get(one, [])) & set(kinds.get(other, [])), (one, other)
            assert not set(kinds["rect.solid"]) & set(kinds.get("rect.outline", []))
            for key in found["keys"]:
                assert len(set(key)) == len(key), key
            assert lines == []


def test_less_motion_moves_nothing(browser: Browser, tmp_path: Path, example: dict[str, PageData]) -> None:
    with opened(browser, tmp_path, example["en"], reduced_motion="reduce") as (tab, _, lines):
        tab.select_option("#range", "26w")
        assert tab.evaluate("document.getAnimations().length") == 0
        assert lines == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", LANGUAGES)
def test_screenshots_for_a_person_to_look_at(
    browser: Browser, tmp_path: Path, example: dict[str, PageData], language: str, width: int
) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    for scheme in ("light", "dark"):
        with opened(browser, tmp_path, example[language], color_scheme=scheme, viewport={"width": width, "height": 900}) as (
            tab, _, _lines,
        ):  # fmt: skip
            file = SCREENSHOTS / f"{language}-{width}-{scheme}.png"
            tab.screenshot(path=file, full_page=True)
            assert file.stat().st_size > 100_000
