"""The sentence of a definition in the page's language. A function for each family that the page knows."""

from collections.abc import Callable
from typing import cast

from daybreak.families.activation import Activation
from daybreak.families.active_days import ActiveDays
from daybreak.families.active_people import ActivePeople
from daybreak.families.adoption import Adoption
from daybreak.families.base import Definition
from daybreak.families.breadth import Breadth
from daybreak.families.campaign import Campaign
from daybreak.families.churn import Churn
from daybreak.families.completion import Completion
from daybreak.families.conversion import Conversion
from daybreak.families.experiment import Experiment
from daybreak.families.lifecycle import Lifecycle
from daybreak.families.retention import Retention
from daybreak.families.support_load import SupportLoad
from daybreak.families.survey import SCALES, Survey
from daybreak.families.time_to_value import TimeToValue
from daybreak.page.markup import Markup, joined
from daybreak.page.view import View

_DAY_SECONDS = 86_400


def sentence(definition: Definition, family: str, view: View) -> Markup:
    """The sentence under a figure's title; of a family that has none here, the one that explains its definition."""
    if family not in _SENTENCES:
        return joined([definition.explain()])
    return _SENTENCES[family](definition, view)


def _who(definition: Definition, view: View) -> str:
    return view.language.plain(f"who.{definition.actor}")


def _listed(selectors: list[str], joint: str, view: View) -> Markup:
    parts: list[object] = []
    for position, selector in enumerate(selectors):
        parts += [view.language.plain(joint)] if position else []
        parts.append(view.event(selector))
    return joined(parts)


def _activation(definition: Definition, view: View) -> Markup:
    d, say = cast(Activation, definition), view.language.say
    options = [
        say("label.at_least", n=d.at_least) if d.at_least > 1 else None,
        say("label.before", event=view.event(d.before)) if d.before else None,
    ]
    milestone = _listed(d.roles()["milestone"], "and" if d.need == "all" else "or", view)
    window = view.language.length(d.window)
    started = say("label.activation", who=_who(d, view), start=view.event(d.start), milestone=milestone, window=window)
    return joined([started, options])


def _adoption(definition: Definition, view: View) -> Markup:
    d, say = cast(Adoption, definition), view.language.say
    options = [
        say("label.at_least", n=d.at_least) if d.at_least > 1 else None,
        say("label.on_days", n=d.at_least_days) if d.at_least_days > 1 else None,
    ]
    names = {"active": view.event(d.active), "feature": view.event(d.feature), "window": view.language.length(d.window)}
    return joined([say("label.adoption", who=_who(d, view), **names), options])


def _active_days(definition: Definition, view: View) -> Markup:
    d = cast(ActiveDays, definition)
    key = "label.active_days" if d.bucket.days == 1 else "label.active_groups"
    bucket = view.language.length(d.bucket)
    return view.language.say(
        key, who=_who(d, view), active=view.event(d.active), window=view.language.length(d.window), bucket=bucket
    )


def _active_people(definition: Definition, view: View) -> Markup:
    d = cast(ActivePeople, definition)
    return view.language.say("label.active_people", who=_who(d, view), active=view.event(d.active))


def _breadth(definition: Definition, view: View) -> Markup:
    d = cast(Breadth, definition)
    names = {"features": _listed(d.features, "comma", view), "active": view.event(d.active)}
    return view.language.say("label.breadth", who=_who(d, view), window=view.language.length(d.window), **names)


def _campaign(definition: Definition, view: View) -> Markup:
    d = cast(Campaign, definition)
    names = {"exposure": view.event(d.exposure), "action": view.event(d.action)}
    return view.language.say("label.campaign", who=_who(d, view), window=view.language.length(d.window), **names)


def _churn(definition: Definition, view: View) -> Markup:
    d, say = cast(Churn, definition), view.language.say
    label = say(f"label.churn.{d.period}", who=_who(d, view), active=view.event(d.active))
    return joined([label, say("label.cancel", cancel=view.event(d.cancel)) if d.cancel else None])


def _completion(definition: Definition, view: View) -> Markup:
    d, say = cast(Completion, definition), view.language.say
    first = view.event(d.steps[0].selector)
    options = [
        say("label.excluded", events=_listed([e.selector for e in d.exclusions], "or", view)) if d.exclusions else None,
        say(f"label.{d.order}") if d.order.startswith("strict") else None,
        say("label.best_attempt") if d.entry == "any" else None,
    ]
    key = "label.checklist" if d.order == "any" else "label.completion"
    window = view.language.length(d.window)
    return joined([say(key, who=_who(d, view), first=first, n=len(d.steps), window=window), options])


def _conversion(definition: Definition, view: View) -> Markup:
    d = cast(Conversion, definition)
    names = {"start": view.event(d.start), "upgrade": view.event(d.upgrade)}
    return view.language.say("label.conversion", who=_who(d, view), window=view.language.length(d.window), **names)


def _experiment(definition: Definition, view: View) -> Markup:
    d = cast(Experiment, definition)
    names = {"exposure": view.event(d.exposure), "goal": view.language.say("quoted", name=_goal(d, view))}
    return view.language.say("label.experiment", who=_who(d, view), **names)


def _goal(d: Experiment, view: View) -> str:
    """The description of the definition that is the goal."""
    family, _, name = d.goal.partition(".")
    return view.data.project.of(family)[name].description


def _lifecycle(definition: Definition, view: View) -> Markup:
    d = cast(Lifecycle, definition)
    return view.language.say(f"label.lifecycle.{d.period}", who=_who(d, view), active=view.event(d.active))


def _retention(definition: Definition, view: View) -> Markup:
    d, say = cast(Retention, definition), view.language.say
    options = [
        say("label.or_later") if d.mode == "on_or_after" else None,
        say("label.at_least", n=d.at_least) if d.at_least > 1 else None,
        say("label.own_clock") if d.clock != "calendar" else None,
    ]
    key = "label.retention" if d.cohorts == "first_time" else "label.recurring"
    names = {"start": view.event(d.start), "back": view.event(d.return_)}
    return joined([say(key, who=_who(d, view), **names), options])


def _support_load(definition: Definition, view: View) -> Markup:
    d = cast(SupportLoad, definition)
    names = {"ticket": view.event(d.ticket), "active": view.event(d.active), "start": view.event(d.start)}
    window = view.language.length(d.onboarding)
    return view.language.say(f"label.support_load.{d.period}", who=_who(d, view), window=window, **names)


def _survey(definition: Definition, view: View) -> Markup:
    d = cast(Survey, definition)
    lowest, highest, low, high = SCALES[d.scale]
    numbers = {"lowest": lowest, "highest": highest, "low": low, "high": high}
    return view.language.say(f"label.survey.{d.scale}", answer=view.event(d.answer), **numbers)


def _time_to_value(definition: Definition, view: View) -> Markup:
    d = cast(TimeToValue, definition)
    names = {"start": view.event(d.start), "value": view.event(d.value)}
    return view.language.say("label.time_to_value", who=_who(d, view), window=view.language.length(d.window), **names)


_SENTENCES: dict[str, Callable[[Definition, View], Markup]] = {
    "activation": _activation,
    "adoption": _adoption,
    "active_days": _active_days,
    "active_people": _active_people,
    "breadth": _breadth,
    "campaign": _campaign,
    "churn": _churn,
    "completion": _completion,
    "conversion": _conversion,
    "experiment": _experiment,
    "lifecycle": _lifecycle,
    "retention": _retention,
    "support_load": _support_load,
    "survey": _survey,
    "time_to_value": _time_to_value,
}
