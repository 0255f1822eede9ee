"""A goal: its target and its day, what is measured and what was needed over the same days, and its state in a word."""

import math

from daybreak.families.registry import FAMILIES
from daybreak.lake.tables import MeasuredGoal
from daybreak.page.figures import card
from daybreak.page.figures.card import Cell, Table
from daybreak.page.markup import Markup, joined, name, tag
from daybreak.page.scale import WIDE, top_of, whole
from daybreak.page.svg import percent
from daybreak.page.texts.language import digits_of
from daybreak.page.view import View

MOST_DIGITS = 3

STATES = {
    "met": "higher",
    "on track": "higher",
    "too close to call": "same",
    "behind": "lower",
    "missed": "lower",
    "not enough people": "wait",
    "waiting": "wait",
}
"""State -> the class of its word."""


def goals(view: View) -> list[Markup]:
    """A card for each goal."""
    return [_goal(goal, view) for goal in view.data.goals]


def is_share(goal: MeasuredGoal) -> bool:
    """True if the goal's number is a share of people."""
    family = FAMILIES.get(goal.metric.partition(".")[0])
    number = family.number(goal.number.split(" ")[0]) if family else None
    return number is None or number.is_share


def shown(value: float | None, goal: MeasuredGoal, view: View) -> str:
    """A number of the goal in its unit."""
    if value is None:
        return "–"
    if is_share(goal):
        return view.language.percent(value, digits=_digits(goal))
    if "seconds" in goal.number:
        return view.language.about(value)
    return view.language.given(value) if value == goal.target else view.language.number(value)


def _digits(goal: MeasuredGoal) -> int:
    """The digits after the point of its shares, in percent: those of its people, and as many as its target has."""
    own = next(
        (digits for digits in range(MOST_DIGITS) if math.isclose(round(goal.target, 2 + digits), goal.target)),
        MOST_DIGITS,
    )
    return max(own, digits_of(goal.people or 0))


def state_word(goal: MeasuredGoal, view: View) -> Markup:
    key = goal.state.replace(" ", "_")
    return tag("span", view.language.say(f"goal.{key}"), class_=f"state {STATES.get(goal.state, 'wait')}")


def _goal(goal: MeasuredGoal, view: View) -> Markup:
    language = view.language
    id_ = f"goal.{goal.goal}"
    caption = tag(
        "figcaption",
        tag("div", tag("h3", name(goal.description)), state_word(goal, view), class_="titled"),
        tag("p", language.say("goal.by", target=shown(goal.target, goal, view), day=language.day_and_year(goal.by)),
            _for_whom(goal, view), class_="label"),
    )  # fmt: skip
    facts = tag("p", _facts(goal, view), class_="facts-line")
    details = card.details(view, id_, goal.description, _table(goal, view))
    return tag("figure", caption, _track(goal, view), facts, details, id=id_, class_="card goal")


def _for_whom(goal: MeasuredGoal, view: View) -> Markup | None:
    """The value of a segment that the goal is about, if its page may name it."""
    if goal.segment_value not in view.data.values.get(goal.segment, []):
        return None
    return joined([" · ", name(view.value(goal.segment_value))])


def _facts(goal: MeasuredGoal, view: View) -> Markup:
    """The value that is measured, the one that was needed over the same days, and when the answer is final."""
    language, parts = view.language, []
    if goal.measured is not None:
        low_high = None
        if goal.low is not None and goal.high is not None:
            low_high = f" ({language.interval(goal.low, goal.high, digits=_digits(goal))})" if is_share(goal) else None
        parts.append(language.say("goal.measured", value=shown(goal.measured, goal, view), interval=low_high or ""))
    if goal.needed is not None:
        parts.append(language.say("goal.needed", value=shown(goal.needed, goal, view)))
    if goal.day < view.data.last_whole_day:
        parts.append(language.say("goal.as_of", day=goal.day))
    parts.append(language.say("goal.final", day=language.day_and_year(goal.final_on)))
    return joined([joined([" · " if at else "", tag("span", part)]) for at, part in enumerate(parts)])


def _track(goal: MeasuredGoal, view: View) -> Markup:
    numbers = [n for n in (goal.baseline, goal.target, goal.needed, goal.measured, goal.high) if n is not None]
    top = top_of(max(numbers), is_share=is_share(goal))

    def at(value: float) -> str:
        return percent(whole(min(max(value, 0), top) * WIDE / top))

    band = None
    if goal.low is not None and goal.high is not None:
        low, high = (whole(min(max(v, 0), top) * WIDE / top) for v in (goal.low, goal.high))
        band = tag("rect", class_="interval", x=percent(low), y=14, width=percent(high - low), height=10, rx=5)
    marks = [
        _mark("target", at(goal.target), "goal.mark.target", view),
        _mark("needed", at(goal.needed), "goal.mark.needed", view) if goal.needed is not None else None,
        tag("circle", class_="dot", cx=at(goal.measured), cy=19, r=6) if goal.measured is not None else None,
    ]
    ground = tag("rect", class_="ground", x=0, y=14, width="100%", height=10, rx=5)
    key = [("measured", view.language.plain("goal.mark.measured")), ("needed", view.language.plain("goal.mark.needed")),
           ("target", view.language.plain("goal.mark.target"))]  # fmt: skip
    picture = tag("svg", ground, band, marks, class_="track", aria_hidden="true")
    return joined([picture, card.legend(key)])


def _mark(class_: str, x: str, key: str, view: View) -> Markup:
    return tag("line", tag("title", view.language.say(key)), class_=class_, x1=x, x2=x, y1=6, y2=32)


def _table(goal: MeasuredGoal, view: View) -> Table:
    language, plain = view.language, view.language.plain
    values = {"baseline": goal.baseline, "target": goal.target, "needed": goal.needed, "measured": goal.measured,
              "low": goal.low, "high": goal.high}  # fmt: skip
    rows = [[Cell(plain(f"column.{key}"), key), Cell(shown(value, goal, view), value)] for key, value in values.items()]
    people = Cell("–" if goal.people is None else language.count(goal.people), goal.people)
    return Table(
        [plain("column.number"), plain("column.value")], [*rows, [Cell(plain("who.person"), "people"), people]]
    )
