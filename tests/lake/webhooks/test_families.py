"""From what a vendor sends to the rows of the family that reads it, without a line of code in between."""

import copy
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from daybreak.aws.events_table import EventsTable
from daybreak.aws.live_rules import LiveRules
from daybreak.aws.webhook_secrets import WebhookSecrets
from daybreak.definitions.project import Project, load
from daybreak.export.job import Export
from daybreak.export.replay_rejected import replay_rejected
from daybreak.files.importing import import_files
from daybreak.files.judge import Judge
from daybreak.ingest.rules import NO_RULES
from daybreak.lake.store import FolderStore
from daybreak.metrics.job import Metrics
from support.endpoint import Endpoint
from support.hooks import SECRET, VENDORS, raw, sample, signed
from support.journeys import LIMITS

WEBHOOKS = "\n".join(f'[webhook.{vendor}]\nvendor = "{vendor}"' for vendor in VENDORS)
DEFINITIONS = """
[project]
timezone = "UTC"

[support_load.tickets]
description = "Tickets for each active person"
ticket = "Ticket Opened"
active = "Report Made"
start = "Signed Up"
onboarding = "14d"
period = "day"

[survey.nps]
description = "Would they recommend us?"
answer = { event = "Survey Answered", where = [{ property = "survey", op = "=", value = "nps" }] }
scale = "nps"
period = "day"

[conversion.trial]
description = "Who pays after a trial?"
start = { event = "customer.subscription.created", where = [{ property = "status", op = "=", value = "trialing" }] }
upgrade = { event = "invoice.paid", where = [{ property = "amount_paid", op = ">", value = 0 }] }
window = "30d"

[conversion.first_order]
description = "Who orders after signing up?"
start = "Signed Up"
upgrade = "Order Placed"
window = "7d"

[conversion.paid_order]
description = "Who pays for an order?"
start = "Order Placed"
upgrade = "Order Paid"
window = "7d"

"""
DAY = date(2026, 10, 5)


class Deployment:
    """The collector, and the jobs behind it, on today's arrivals."""

    def __init__(self, endpoint: Endpoint, folder: Path) -> None:
        self.endpoint, self.lake = endpoint, FolderStore(folder / "lake")
        self._file = folder / "definitions.toml"
        self.define(DEFINITIONS + WEBHOOKS)
        secrets = WebhookSecrets(endpoint.tables, "keys")
        for name in (*VENDORS, "own"):
            secrets.add(name, SECRET, "2026-11-20T00:00:00+00:00")

    def define(self, toml: str) -> None:
        self._file.write_text(toml)
        self.project: Project = load(self._file)
        self.endpoint.configure(toml)

    def send(self, vendor: str, *bodies: Any, name: str = "", **headers: str) -> None:
        """Send each body twice, as a vendor does that has not seen the first answer."""
        for body in [raw(body) for body in bodies] * 2:
            own = sample(vendor)[1] if vendor in VENDORS else {}
            answer = self.endpoint.post(
                body, f"/v1/hook/{name or vendor}", None, own | headers | signed(vendor, body))  # fmt: skip
            assert answer.status == 200, answer.body

    def track(self, person: str, event: str, at: str) -> None:
        self.endpoint.post({"userId": person, "event": event, "timestamp": at}, "/v1/track")

    def export(self) -> None:
        now = datetime.now(UTC)
        table = EventsTable(self.endpoint.tables, "events")
        Export(self.lake, table, self.project, LIMITS).day(now.date(), now + timedelta(hours=1))

    def bring(self, file: Path) -> None:
        """Import a file, as `daybreak import` does."""
        now = datetime.now(UTC)
        judge = Judge(self.project, None, now, source="history", rules=NO_RULES)
        done = import_files([str(file)], judge, self.lake, frozenset, lambda: now)
        table = EventsTable(self.endpoint.tables, "events")
        for day in sorted(done.waiting):
            Export(self.lake, table, self.project, LIMITS).day(day, now + timedelta(hours=1))

    def rows(self, family: str, definition: str, as_of: date) -> list[dict[str, Any]]:
        self.export()
        Metrics(self.lake, self.project, LIMITS).run(family, as_of)
        with duckdb.connect() as db:
            found = db.execute(
                f"select * from read_parquet('{self.lake.root}/metrics/{family}/**/*.parquet', union_by_name = true) "
                f"where definition = '{definition}' and segment = 'all' order by all"
            )
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.fixture
def deployed(endpoint: Endpoint, tmp_path: Path) -> Deployment:
    return Deployment(endpoint, tmp_path)


def like(vendor: str, **changes: Any) -> dict[str, Any]:
    """The vendor's sample with other values; a key holds the path, with __ between its parts."""
    body: dict[str, Any] = copy.deepcopy(sample(vendor)[0])
    for path, value in changes.items():
        *outer, last = path.split("__")
        holder = body
        for part in outer:
            holder = holder[part]
        holder[last] = value
    return body


def both_made_a_report(deployed: Deployment) -> None:
    for person in ("kim", "lee"):
        deployed.track(person, "Signed Up", "2026-10-01T08:00:00Z" if person == "kim" else "2026-09-01T08:00:00Z")
        deployed.track(person, "Report Made", "2026-10-05T08:00:00Z")


def tickets(deployed: Deployment) -> tuple[Any, ...]:
    (row,) = (row for row in deployed.rows("support_load", "tickets", DAY) if row["period_start"] == DAY)
    return row["status"], row["active_people"], row["tickets"], row["onboarding_tickets"], row["tickets_per_person"]


def test_zendesk_kim_opens_two_tickets_while_onboarding_and_lee_one(deployed: Deployment) -> None:
    """Three tickets of two active people. Lee's is known by Zendesk's own id, which a user event links to lee."""
    both_made_a_report(deployed)
    deployed.send(
        "zendesk",
        like("zendesk"),
        like("zendesk", id="e2", detail__id="35437"),
        like("zendesk", id="e3", detail__id="35438", detail__external_id=None, detail__requester_id="77"),
        {"type": "zen:event-type:user.created", "id": "e4", "time": "2026-10-05T08:59:00Z",
         "detail": {"id": "77", "external_id": "lee"}, "event": {}},
        like("zendesk", id="e5", type="zen:event-type:ticket.status_changed", event={"current": "SOLVED", "previous": "OPEN"}),
    )  # fmt: skip
    assert tickets(deployed) == ("complete", 2, 3, 2, 1.5)


def test_intercom_kim_opens_two_conversations_while_onboarding_and_lee_one(deployed: Deployment) -> None:
    both_made_a_report(deployed)
    deployed.send(
        "intercom",
        like("intercom"),
        like("intercom", id="notif_2", data__item__id="2"),
        like("intercom", id="notif_3", data__item__id="3", data__item__contacts={"contacts": [{"id": "c", "external_id": "lee"}]}),
        like("intercom", id="notif_4", topic="conversation.admin.closed"),
    )  # fmt: skip
    assert tickets(deployed) == ("complete", 2, 3, 2, 1.5)


def nps(deployed: Deployment) -> tuple[Any, ...]:
    """Answers, low, high and NPS of the day. Of 9, 10 and 3 it is 100 x (2 - 1) / 3."""
    (row,) = deployed.rows("survey", "nps", DAY)
    return row["answers"], row["low"], row["high"], row["nps"]


OF_THREE = (3, 1, 2, pytest.approx(100 / 3))


def test_typeform_answers_9_10_and_3_are_an_nps_of_33(deployed: Deployment) -> None:
    bodies = []
    for nth, score in enumerate((9, 10, 3)):
        body = like("typeform", form_response__token=f"t{nth}", form_response__hidden={"user_id": f"p{nth}"})
        body["form_response"]["answers"][0]["number"] = score
        bodies.append(body)
    deployed.send("typeform", *bodies)
    assert nps(deployed) == OF_THREE


def test_delighted_answers_9_10_and_3_are_an_nps_of_33_also_when_comments_follow(deployed: Deployment) -> None:
    bodies = [like("delighted", event_data__id=f"{n}", event_data__score=score) for n, score in enumerate((9, 10, 3))]
    commented = {**bodies[0], "event_type": "survey_response.updated", "event_id": "other"}
    deployed.send("delighted", *bodies, commented)
    assert nps(deployed) == OF_THREE


def test_wootric_answers_9_10_and_3_are_an_nps_of_33(deployed: Deployment) -> None:
    form = sample("wootric")[0]
    forms = [form.replace("[id]=1128", f"[id]={n}").replace("[score]=7", f"[score]={score}")
             for n, score in enumerate((9, 10, 3))]  # fmt: skip
    deployed.send("wootric", *forms)
    assert nps(deployed) == OF_THREE


def test_stripe_one_of_two_trials_is_paid_for_and_a_free_invoice_is_none(deployed: Deployment) -> None:
    """Kim and lee begin a trial; both get an invoice over nothing, and kim pays one of 8.00 two weeks later."""

    def invoice(number: str, customer: str, amount: int, at: int) -> dict[str, Any]:
        about = {"object": "invoice", "id": number, "customer": customer, "amount_paid": amount}
        return {
            "object": "event",
            "id": f"evt_{number}",
            "type": "invoice.paid",
            "created": at,
            "data": {"object": about},
        }

    deployed.send(
        "stripe",
        like("stripe"),
        like("stripe", id="evt_2", data__object__customer="cus_lee", data__object__metadata={}),
        invoice("1", "cus_kim", 0, 1791190801), invoice("2", "cus_lee", 0, 1791190801),
        invoice("3", "cus_kim", 800, 1792400400),
    )  # fmt: skip
    (row,) = deployed.rows("conversion", "trial", date(2026, 11, 10))
    assert (row["cohort"], row["people"], row["converted"], row["rate"]) == (DAY, 2, 1, 0.5)


def test_shopify_one_of_two_who_signed_up_orders_within_a_week(deployed: Deployment) -> None:
    for person in ("115310627314723954", "lee"):
        deployed.track(person, "Signed Up", "2026-10-05T08:00:00Z")
    deployed.send("shopify", like("shopify"), like("shopify", id=901))
    deployed.send("shopify", like("shopify", financial_status="paid"), **{"x-shopify-topic": "orders/paid"})
    (row,) = deployed.rows("conversion", "first_order", date(2026, 10, 13))
    assert (row["people"], row["converted"], row["rate"]) == (2, 1, 0.5)


@pytest.mark.parametrize("given", ["export first", "webhook first"])
def test_shopify_a_customer_of_the_export_and_of_the_webhook_is_one_person(
    deployed: Deployment, tmp_path: Path, given: str
) -> None:
    """Kim's order 900 is in the export, by e-mail alone, and in the webhook; 901 and its payment only in the webhook.

    Lee orders in the export alone. So two people order, and one of them pays.
    """
    file = tmp_path / "orders.csv"
    file.write_text(
        "Name,Email,Financial Status,Total,Lineitem name,Created at,Id\n"
        "#1001,kim@example.org,pending,8.00,Thing,2026-10-05 11:00:00 +0200,900\n"
        "#1000,lee@example.org,pending,8.00,Thing,2026-10-05 10:00:00 +0200,899\n"
    )
    paid = like("shopify", id=901, financial_status="paid", updated_at="2026-10-06T11:00:00+02:00")

    def by_webhook() -> None:
        deployed.send("shopify", like("shopify"), like("shopify", id=901))
        deployed.send("shopify", paid, **{"x-shopify-topic": "orders/paid"})
        deployed.export()

    if given == "webhook first":
        by_webhook()
    deployed.bring(file)
    if given == "export first":
        by_webhook()
    (row,) = deployed.rows("conversion", "paid_order", date(2026, 10, 13))
    assert (row["people"], row["converted"], row["rate"]) == (2, 1, 0.5)
    found = [(e["message_id"], e["user_id"]) for e in _events(deployed) if e["event"] == "Order Placed"]
    assert [id_ for id_, _ in found] == ["shopify-order-899", "shopify-order-900", "shopify-order-901"]


def test_bodies_that_nothing_mapped_count_once_after_a_mapping_is_added(deployed: Deployment) -> None:
    """Three answers of a tool that Daybreak does not know, one of them sent twice; replayed twice."""
    deployed.define(DEFINITIONS + "[webhook.own]\n")
    answers = [
        {"who": f"p{n}", "when": "2026-10-05 09:00", "key": f"k{n}", "points": p} for n, p in enumerate((9, 10, 3))
    ]
    deployed.send("secret", *({"answer": answer} for answer in answers), name="own")
    deployed.export()
    assert not list(deployed.lake.list("events/")) or _events(deployed) == []
    mapping = 'person = "answer.who", constant = "Survey Answered", time = "answer.when", id = "answer.key"'
    deployed.define(f'{DEFINITIONS}[webhook.own]\nmapping = {{ {mapping}, properties = "answer.points" }}\n')
    table = EventsTable(deployed.endpoint.tables, "events")
    for _ in range(2):
        done = replay_rejected(
            deployed.lake, [datetime.now(UTC).date()], LiveRules(deployed.endpoint.tables, "keys").current(),
            deployed.project.webhooks, lambda intake: table.store(intake, datetime.now(UTC)), lambda _: None,
        )  # fmt: skip
        assert (done.accepted, done.still_rejected) == ({"unmapped": 6}, {})
        deployed.export()
    found = _events(deployed)
    assert [(e["message_id"], e["user_id"], json.loads(e["properties"])) for e in found] == [
        (f"own-k{n}", f"p{n}", {"answer.points": points}) for n, points in enumerate((9, 10, 3))
    ]


def _events(deployed: Deployment) -> list[dict[str, Any]]:
    with duckdb.connect() as db:
        found = db.execute(f"select * from read_parquet('{deployed.lake.root}/events/*/*.parquet') order by message_id")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
