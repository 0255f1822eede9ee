"""Compare the events that arrived with the tracking plan."""

from dataclasses import dataclass

from daybreak.ingest.tracking_plan import Plan, PlannedProperty
from daybreak.tracking.observed import Observed, ObservedEvent


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between the plan and the events that arrived."""

    what: str
    event: str
    """The event's name, or "traits"."""
    property: str
    """Empty if the event itself differs."""
    came: str
    """How often, from where or as which type it arrived; empty if it never did."""


def compare(plan: Plan, observed: Observed) -> list[Difference]:
    """Everything that arrived and is not planned, and everything that is planned and never arrived."""
    found = []
    for name, seen in sorted(observed.events.items()):
        planned = plan.events.get(name)
        if planned is None:
            found.append(Difference("not planned", name, "", _times_and_sources(seen)))
            continue
        found += _compare_properties(name, planned.properties, seen)
        unplanned = sorted(set(seen.sources) - set(planned.sources)) if planned.sources else []
        found += [Difference("not planned from", name, "", f"{seen.sources[s]:,} from {s}") for s in unplanned]
    found += [Difference("never came", name, "", "") for name in sorted(plan.events.keys() - observed.events.keys())]
    return found + (_compare_properties("traits", plan.traits, observed.traits) if plan.traits else [])


def _compare_properties(event: str, planned: dict[str, PlannedProperty], seen: ObservedEvent) -> list[Difference]:
    found = []
    for name, observed in sorted(seen.properties.items()):
        if name not in planned:
            found.append(Difference("not planned", event, name, f"{observed.count:,} times"))
            continue
        wanted = planned[name].type
        fits = {wanted} | ({"integer"} if wanted == "number" else set())
        others = [f"{count:,} as {type_}" for type_, count in sorted(observed.types.items()) if type_ not in fits]
        if others and wanted != "any":
            found.append(Difference(f"planned as {wanted}", event, name, ", ".join(others)))
    for name, property_ in sorted(planned.items()):
        count = seen.properties[name].count if name in seen.properties else 0
        if not count:
            found.append(Difference("never came", event, name, ""))
        elif property_.required and count < seen.count:
            found.append(Difference("required and missing", event, name, f"{seen.count - count:,} times"))
    return found


def _times_and_sources(seen: ObservedEvent) -> str:
    return f"{seen.count:,}" + (f" from {', '.join(sorted(seen.sources))}" if seen.sources else " times")
