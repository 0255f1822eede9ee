"""Clients' clocks: when a gap between sentAt and the arrival means a wrong clock, and when it means a late upload."""

from datetime import datetime, timedelta
from typing import Any

SKEW_TOLERANCE = timedelta(minutes=1)
"""Longer than any network delay: a bigger gap between sentAt and receivedAt means something."""

STAMPED_AT_EACH_TRY = frozenset(
    {
        "@segment/analytics-node",  # Segment, Node: publisher.js makes the body inside its loop of attempts
        "@segment/analytics-react-native",  # Segment, React Native: api.ts, uploadEvents
        "RudderLabs JavaScript SDK",  # RudderStack, browser: getFinalEventForDeliveryMutator, getBatchDeliveryPayload
        "analytics-android",  # Segment, Android before Kotlin: SegmentIntegration.java, BatchPayloadWriter.endObject
        "analytics-flutter",  # Segment, Flutter: http_client.dart, startBatchUpload; it writes all times in local time
        "analytics-ios",  # Segment, iOS before Swift: SEGSegmentIntegration.m, sendData
        "analytics-python",  # Segment and RudderStack, Python: request.py, post
        "analytics-ruby",  # Segment, Ruby: transport.rb, send_request
        "analytics.js",  # Segment, browser: normalize.js and batched-dispatcher.js; the old one resets it at each retry
    }
)
"""Names in context.library of clients that set sentAt anew each time they send, and where their source does so.

All others may set it once, at the first try: analytics-kotlin, analytics-swift and Analytics-CSharp write it into the
file in which a batch waits, for hours or days; analytics-go, analytics-java, analytics-php and analytics-node (of
Segment and of RudderStack) make a body once for all tries; RudderStack's Go client copies the event's own time.
"""


def skew(sent_at: datetime | None, received_at: datetime, context: dict[str, Any] | None) -> timedelta | None:
    """The correction to add to the times of a client; None unless its clock is certainly wrong.

    A sentAt later than the arrival can only come from a clock that runs ahead. One earlier than the arrival comes from
    a slow clock only if the client, which `context` names, sets it at each try; else the batch may have waited.
    """
    if sent_at is None:
        return None
    late = received_at - sent_at
    if late < -SKEW_TOLERANCE or (late > SKEW_TOLERANCE and _library(context) in STAMPED_AT_EACH_TRY):
        return late
    return None


def _library(context: dict[str, Any] | None) -> str | None:
    library = (context or {}).get("library")
    name = library.get("name") if isinstance(library, dict) else None
    return name if isinstance(name, str) else None
