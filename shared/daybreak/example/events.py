"""The Segment messages that follow from the decisions of the example's people."""

from datetime import UTC, datetime
from typing import Any

from daybreak.example.decisions import ENDS, SECOND, Person


def events(people: list[Person]) -> list[dict[str, Any]]:
    """The Segment messages of all people in order of time. Every 97th of them is repeated at the end."""
    messages = [message for person in people for message in _messages(person) if message["timestamp"] < _text(ENDS)]
    messages.sort(key=lambda message: (message["timestamp"], message["messageId"]))
    return messages + messages[::97]


def _messages(person: Person) -> list[dict[str, Any]]:
    """All messages of one person, not sorted by time."""
    browser = f"browser-{person.who}" if person.signed_up else person.who
    first = person.signed_up
    messages: list[dict[str, Any]] = []

    def send(type_: str, at: datetime, **fields: Any) -> None:
        known = first is not None and at >= first and not fields.pop("unknown", False)
        fields.pop("unknown", None)
        who = {"userId": person.who} if known else {"anonymousId": browser}
        key = f"{person.who}-{len(messages):04}"
        messages.append({"messageId": key, "type": type_, "timestamp": _text(at), **who, **fields})

    def track(event: str, at: datetime, **fields: Any) -> None:
        send("track", at, event=event, **fields)

    for at in person.visits:
        send("page", at, name="Workflows")
    for at in person.syncs:
        track("Sync Finished", at)
    if first is None:
        return messages
    invited = {"invited": person.invited} if person.invited else {}
    track("Signed Up", first, properties=invited, unknown=person.signs_up_before_signing_in)
    if person.signed_up_again:
        track("Signed Up", person.signed_up_again, properties={"invited": "invited"})
    send("identify", first + person.signs_up_before_signing_in * SECOND, anonymousId=browser)
    if person.profile_after is not None:
        traits = {"role": person.role, "company_size": person.company_size}
        send("identify", first + person.profile_after, traits=traits)
    if person.new_role_at:
        send("identify", person.new_role_at, traits={"role": person.new_role})
    for joined in person.memberships:
        send(
            "group",
            joined.at,
            groupId=joined.account,
            traits={"name": joined.account, "plan": joined.plan, "size": joined.size},
        )
    if person.verified_after is not None:
        track("Email Verified", first + person.verified_after)
    for at in person.connected:
        track("Connection Added", at)
    for workflow in person.workflows:
        track("Workflow Started", workflow.started)
        if workflow.saved_after is not None:
            track("Workflow Saved", workflow.started + workflow.saved_after)
    for run in person.runs:
        track("Workflow Run", run.at, **({"context": {"groupId": run.account}} if run.account else {}))
    for at in person.invitations:
        track("Colleague Invited", at)
    for guide in person.guides:
        track("Guide Shown", guide.at, properties={"guide": guide.name})
        if guide.finished_after is not None:
            track("Guide Finished", guide.at + guide.finished_after, properties={"guide": guide.name})
    if person.trial:
        track("Trial Started", person.trial.at)
        if person.trial.upgraded_after is not None:
            upgraded = person.trial.at + person.trial.upgraded_after
            track("Upgraded", upgraded)
            if person.trial.cancelled_after is not None:
                track("Subscription Cancelled", upgraded + person.trial.cancelled_after)
    for answer in person.answers:
        score = {} if answer.score is None else {"score": answer.score}
        track("Survey Answered", answer.at, properties={"survey": answer.survey, **score})
    for at in person.tickets:
        track("Ticket Opened", at)
    for at, variant in person.variants:
        track("Experiment Viewed", at, properties={"experiment": "onboarding", "variant": variant})
    return messages


def _text(moment: datetime) -> str:
    """An instant as Segment's libraries write it: ISO 8601 in UTC, with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
