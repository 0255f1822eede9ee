"""The alarm of webhooks. They need nothing else of their own: both gateways pass on every path to the collector."""

from collections.abc import Iterator

from aws_cdk import Duration

from daybreak.definitions.project import Project
from infra.alarms import Alarm
from infra.collector import Collector
from infra.functions import own_metric


def webhook_alarms(project: Project, collector: Collector) -> Iterator[Alarm]:
    """For `infra.alarms`; none for a project without a [webhook.x]."""
    if project.webhooks:
        yield Alarm(
            "WebhooksRefused",
            own_metric(collector, "collector", "RefusedWebhooks", Duration.hours(1)),
            "A webhook was refused: its signature is wrong, or no secret is set. The tool that sends it gives up after "
            "a while. The collector's log names it; put its secret in force with `daybreak webhooks secret NAME`.",
        )
