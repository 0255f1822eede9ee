"""The choices of one deployment, from which every part of the stack is built."""

from dataclasses import dataclass
from pathlib import Path

from daybreak.definitions.project import Project

HTTP, REST = "http", "rest"
GATEWAYS = (HTTP, REST)
"""Both are deployed by default: neither costs anything while nobody sends, and each takes what the other cannot."""


@dataclass(frozen=True)
class Deployment:
    """The checkout and its definitions, whether it goes to the local cloud, and the switches of `infra/app.py`.

    Alarms are sent to `alarm_email`, and what each [send.x] to SNS names to `send_email`, if there is one.
    """

    root: Path
    project: Project
    local: bool = False
    gateways: tuple[str, ...] = GATEWAYS
    alarm_email: str | None = None
    send_email: str | None = None
