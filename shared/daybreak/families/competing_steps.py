"""Which steps of a funnel compete for the same events?

One event serves one step, so steps that overlap (`any` and a name, the same event with and without `where`) compete.
Hall's theorem says when each of them can have an event of its own: if and only if every set of these steps has at
least as many events as it has steps. A contest is such a set. Most sets say nothing new: steps that never match the
same event do not compete, and a step whose events are all another step's events belongs into each contest of that
other step. So a funnel of different events has one contest a step.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from math import isfinite

from daybreak.families.selectors import Filter, event_selector

Contest = frozenset[int]
"""The numbers of the steps that compete, from 1."""

MOST_CONTESTS = 255
"""Eight selectors of which any two may match the same event make 255 contests; each is one column of SQL."""


def contests_in_order(steps: Sequence[str]) -> list[Contest]:
    """The contests of steps in order: each is connected, because sets that share no event are never short together.

    `steps` are selector keys. Raises ValueError where there are too many.
    """
    rivals = [frozenset(n for n, other in _numbered(steps) if may_be_one_event(key, other)) for key in steps]
    narrower = _narrower(steps)

    def grown(contest: Contest) -> Iterator[Contest]:
        for step in frozenset[int]().union(*(rivals[n - 1] for n in contest)) - contest:
            yield contest | narrower[step - 1]

    return _all_of(narrower, grown)


def contests_in_any_order(steps: Sequence[str]) -> list[list[Contest]]:
    """The contests of steps in any order, grouped: steps of different groups never compete, even by way of others.

    A group's contests are not all connected. The largest of them, its last, holds the whole group.
    """
    groups: list[Contest] = []
    for contest in contests_in_order(steps):
        joined = reduce(frozenset.union, (group for group in groups if group & contest), contest)
        groups = [*(group for group in groups if not group & contest), joined]
    narrower = _narrower(steps)

    def of_group(group: Contest) -> list[Contest]:
        return _all_of(
            [narrower[n - 1] for n in group], lambda contest: (contest | narrower[n - 1] for n in group - contest)
        )

    return [of_group(group) for group in sorted(groups, key=min)]


def fits(step: int, known: Iterable[int], contests: Sequence[Contest], at: str) -> str:
    """SQL: can this step have an event of its own at an instant, beside the known steps that are reached there?

    `at` is the row of the instant, with columns `at_us` and `contest_1`, …: how many events each contest has there.
    `w` is the walk, with columns `at_1`, …. Known steps are there by the same condition, so only contests of the new
    step are asked.
    """
    conditions = []
    for number, contest in enumerate(contests, start=1):
        if step in contest:
            there = [f" + case when w.at_{n} = {at}.at_us then 1 else 0 end" for n in known if n in contest]
            conditions.append(f"{at}.contest_{number} >= 1{''.join(there)}")
    return " and ".join(conditions) or "1 = 0"


def may_be_one_event(key: str, other_key: str) -> bool:
    """False if the selectors say that no event matches both."""
    one, other = event_selector(key), event_selector(other_key)
    if one.event and other.event and not set(one.event) & set(other.event):
        return False
    return not any(_exclude(a, b) for a in one.where for b in other.where)


def widest_of(contest: Contest, steps: Sequence[str]) -> int | None:
    """The step that fits all events of the contest, if one does."""
    narrower = _narrower(steps)
    return next((step for step in sorted(contest) if contest <= narrower[step - 1]), None)


def listed(contest: Contest) -> str:
    """SQL: the contest's step numbers, for `in (…)`."""
    return ", ".join(str(step) for step in sorted(contest))


def _all_of(first: Iterable[Contest], grown: Callable[[Contest], Iterable[Contest]]) -> list[Contest]:
    found: set[Contest] = set()
    waiting = list(first)
    while waiting:
        contest = waiting.pop()
        if contest not in found:
            found.add(contest)
            waiting.extend(grown(contest))
        if len(found) > MOST_CONTESTS:
            raise ValueError(
                f"one event could be too many of these steps: they compete in more than {MOST_CONTESTS} ways; "
                "leave out some, or give them conditions on the same property that no event meets together"
            )
    return sorted(found, key=lambda contest: (len(contest), sorted(contest)))


def _numbered(steps: Sequence[str]) -> Iterator[tuple[int, str]]:
    return enumerate(steps, start=1)


def _narrower(steps: Sequence[str]) -> list[Contest]:
    """For each step, the steps all of whose events are events of this one, itself included."""
    return [frozenset(n for n, other in _numbered(steps) if _is_within(other, key)) for key in steps]


def _is_within(narrow: str, wide: str) -> bool:
    """True if the selectors say that every event of `narrow` is one of `wide`."""
    one, other = event_selector(narrow), event_selector(wide)
    named = not other.event or (bool(one.event) and set(one.event) <= set(other.event))
    return named and all(any(_implies(known, condition) for known in one.where) for condition in other.where)


def _implies(known: Filter, condition: Filter) -> bool:
    """True if every value that meets `known` meets the condition: it is the same, or a number beyond its bound."""
    if known == condition:
        return True
    if known.property != condition.property or known.op not in _FURTHER.get(condition.op, ()):
        return False
    further = _bound(known) - _bound(condition) if condition.op in (">", ">=") else _bound(condition) - _bound(known)
    return further > 0 or (further == 0 and (known.op == condition.op or condition.op in (">=", "<=")))


_FURTHER = {">": (">", ">="), ">=": (">", ">="), "<": ("<", "<="), "<=": ("<", "<=")}
"""The comparisons that can imply another one."""


def _exclude(one: Filter, other: Filter) -> bool:
    """True if no value of the property meets both: they name other values, or numbers on two sides of a bound."""
    if one.property != other.property:
        return False
    if {one.op, other.op} <= {"=", "in"}:
        return not _values(one) & _values(other)
    above, below = (one, other) if one.op in (">", ">=") else (other, one)
    if above.op not in (">", ">=") or below.op not in ("<", "<="):
        return False
    return _bound(above) > _bound(below) or (_bound(above) == _bound(below) and {above.op, below.op} != {">=", "<="})


def _bound(condition: Filter) -> float:
    return float(str(condition.value))


def _values(condition: Filter) -> set[object]:
    """The values a condition names, alike where an event's value could equal both: the number 1 and the text "1"."""
    return {_alike(value) for value in condition.values()}


def _alike(value: object) -> object:
    text = str(value).casefold()
    try:
        number = float(text)
    except ValueError:
        return text
    return number if isfinite(number) else text
