"""The payloads of the job that sends.

EventBridge's inputs, the handler and the command line all use these models:

{"time": "2026-11-26T03:55:00Z"}                       SendScheduled
{"sample": "growth", "time": "2026-11-26T08:00:00Z"}   SendSample
"""

from collections.abc import Sequence

from pydantic import Field

from daybreak.export.payloads import Moment, Payload


class SendScheduled(Payload):
    """Send what is new as of the last project day that is over at `time`, and what waits. The schedule sends this."""

    time: Moment


class SendSample(Payload):
    """Send one sample, marked as such, to the target of this send."""

    sample: str = Field(min_length=1)
    time: Moment


SendPayload = SendScheduled | SendSample
SEND_PAYLOADS: Sequence[type[SendPayload]] = (SendScheduled, SendSample)
