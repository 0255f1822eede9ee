"""The choices of one deployment, from which every part of the stack is built."""

from dataclasses import dataclass
from pathlib import Path

from daybreak.definitions.project import Project


@dataclass(frozen=True)
class Deployment:
    """The checkout and its definitions, whether it goes to the local cloud, and the switches of `infra/app.py`.

    `gateway` is "http" or "rest"; alarms are sent to `alarm_email`, if there is one.
    """

    root: Path
    project: Project
    local: bool = False
    gateway: str = "http"
    alarm_email: str | None = None
