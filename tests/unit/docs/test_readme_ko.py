"""README.ko.md says what README.md says: the same commands, output, numbers, pictures, links and names, in each section."""

import re
from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from conftest import ROOT

ENGLISH, KOREAN = (ROOT / name for name in ("README.md", "README.ko.md"))
IN_WORDS = {"in a minute": "1", "half a minute": "30", "eight weeks": "8"}
"""Numbers that the English page writes in words, and the Korean page in digits."""
_BLOCK = re.compile(r"^```.*?^```", re.S | re.M)
_IMAGE = re.compile(r'(?:!\[[^\]]*\]\(|\bsrc(?:set)?=")([^)"\s]+)')
_LANGUAGES = ("README.md", "README.ko.md")


def sections(page: str) -> list[tuple[str, str]]:
    """The marks of each heading (#, ##) and the text up to the next one; a # in a block is not a heading."""
    without_blocks = _BLOCK.sub(lambda block: re.sub(r"^#", "\0", block[0], flags=re.M), page)
    found = re.split(r"^(#+) .*$", without_blocks, flags=re.M)[1:]
    return [(marks, text.replace("\0", "#")) for marks, text in zip(found[::2], found[1::2], strict=True)]


def headings(page: str) -> list[str]:
    """The text of each heading."""
    return re.findall(r"^#+ (.*)$", _BLOCK.sub("", page), re.M)


def blocks(section: str) -> list[str]:
    return _BLOCK.findall(section)


def images(section: str) -> list[str]:
    return _IMAGE.findall(_BLOCK.sub("", section))


def links(section: str) -> list[str]:
    found = re.findall(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)", _BLOCK.sub("", section))
    return [link for link in found if link not in _LANGUAGES]


def names(section: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", _BLOCK.sub("", section))


def numbers(section: str) -> list[str]:
    text = _BLOCK.sub("", section)
    for words, digits in IN_WORDS.items():
        text = text.replace(words, digits)
    return re.findall(r"\d+(?:[.,:-]\d+)*", text)


def differences(english: str, korean: str) -> list[str]:
    """Each difference in a line that names the section and what is missing or too much in Korean."""
    ours, theirs = sections(english), sections(korean)
    if [marks for marks, _ in ours] != [marks for marks, _ in theirs]:
        return [f"README.md has {len(ours)} headings and README.ko.md {len(theirs)}, or their levels differ"]
    kinds: list[tuple[str, Callable[[str], Iterable[str]]]] = [
        ("block", blocks), ("image", images), ("link", links), ("name", names), ("number", numbers)
    ]  # fmt: skip
    lines = []
    titles = [*zip(headings(english), headings(korean), strict=True)]
    for (title, title_ko), (_, text), (_, text_ko) in zip(titles, ours, theirs, strict=True):
        if blocks(text) != blocks(text_ko) and Counter(blocks(text)) == Counter(blocks(text_ko)):
            lines.append(f"{title}: the blocks stand in another order")
        for kind, find in kinds:
            wanted = Counter(find(f"{title}\n{text}"))
            found = Counter(find(f"{title_ko}\n{text_ko}"))
            lines += [f"{title}: the {kind} {one!r} is missing in README.ko.md" for one in (wanted - found).elements()]
            lines += [f"{title}: the {kind} {one!r} is not in README.md" for one in (found - wanted).elements()]
    return lines


def test_the_korean_page_is_in_step() -> None:
    found = differences(ENGLISH.read_text(encoding="utf-8"), KOREAN.read_text(encoding="utf-8"))
    assert not found, "change README.ko.md too:\n" + "\n".join(found)


def test_each_page_names_the_other_in_its_first_lines() -> None:
    for page, other, name in ((ENGLISH, KOREAN, "한국어"), (KOREAN, ENGLISH, "English")):
        assert f"[{name}]({other.name})" in page.read_text(encoding="utf-8").splitlines()[:3]


def test_the_korean_page_speaks_in_one_style() -> None:
    """The formal one (합니다); only requests end in 세요."""
    text = _BLOCK.sub("", KOREAN.read_text(encoding="utf-8"))
    assert re.findall(r"\S*(?<!세)요[.?!]", text) == []
    ends = re.findall(r"([가-힣]+)\.(?:\)|\s|$)", text)
    assert len(ends) > 20
    assert [end for end in ends if not end.endswith(("니다", "세요"))] == []


PAGE = """# T

[한국어](README.ko.md)

![A picture](docs/page.png) It has 1,234 events: `make demo`, in a minute.

```sh
make demo
# not a heading
make test
```

## Two

See [this](docs/index.md).
"""
SAME = PAGE.replace("[한국어](README.ko.md)", "[English](README.md)").replace("in a minute", "1분 만에").replace(
    "A picture", "그림"
)  # fmt: skip


def test_a_page_that_says_the_same_has_no_difference() -> None:
    assert differences(PAGE, SAME.replace("It has", "이벤트는").replace("See", "참고:")) == []


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        (
            "make test\n",
            "",
            "T: the block '```sh\\nmake demo\\n# not a heading\\nmake test\\n```' is missing in README.ko.md",
        ),
        ("1,234", "1,243", "T: the number '1,234' is missing in README.ko.md"),
        ("1분", "2분", "T: the number '2' is not in README.md"),
        ("docs/page.png", "docs/old.png", "T: the image 'docs/page.png' is missing in README.ko.md"),
        ("`make demo`", "`make all`", "T: the name 'make demo' is missing in README.ko.md"),
        ("docs/index.md", "docs/other.md", "Two: the link 'docs/index.md' is missing in README.ko.md"),
        ("## Two\n", "", "README.md has 2 headings and README.ko.md 1, or their levels differ"),
    ],
)
def test_a_difference_is_named(before: str, after: str, difference: str) -> None:
    assert difference in differences(PAGE, SAME.replace(before, after))
