"""Faults between botocore and Amazon, for tests.

In this process moto responds to every request in place of Amazon. A `Wire` is between botocore and moto: it can refuse
a request, lose it, lose only its response, or end the process (for the code inside: nothing after it runs).
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

Send = Callable[[], Any]
"""Sends the request to Amazon; its response."""


class Killed(BaseException):
    """The process ends here. A BaseException, so that no `except Exception` of ours catches it."""


@dataclass(slots=True)
class Break:
    """A fault: `happens` is called in place of a request to Amazon.

    It meets requests of `operation` (such as dynamodb.PutItem, or * for all) that `chosen` picks: it lets `first` of
    them pass, then meets so many `times`. `met` counts all that were picked.
    """

    operation: str
    happens: Callable[[Any, Send], Any]
    first: int = 0
    times: int = 1
    chosen: Callable[[Any], bool] = lambda _request: True
    met: int = 0


class Wire:
    """All requests of this process, in order, and the faults to inject."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.faults: list[Break] = []
        self.asked: list[str] = []
        self._lock = threading.Lock()
        real = BotocoreStubber.__call__

        def send(stubber: BotocoreStubber, event_name: str, request: Any, **rest: Any) -> Any:
            operation = event_name.removeprefix("before-send.")
            fault = self._fault(operation, request)

            def send_on() -> Any:
                return real(stubber, event_name=event_name, request=request, **rest)

            return fault.happens(request, send_on) if fault else send_on()

        monkeypatch.setattr(BotocoreStubber, "__call__", send)
        # botocore waits between its own attempts; tests need not
        monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)

    def breaks(self, fault: Break) -> Break:
        self.faults.append(fault)
        return fault

    def mend(self) -> None:
        self.faults.clear()

    def _fault(self, operation: str, request: Any) -> Break | None:
        with self._lock:
            self.asked.append(operation)
            for fault in self.faults:
                if fault.operation in (operation, "*") and fault.chosen(request):
                    fault.met += 1
                    if fault.first < fault.met <= fault.first + fault.times:
                        return fault
        return None


def refused(status: int, code: str) -> Callable[[Any, Send], Any]:
    """Amazon responds with an error and has done nothing."""

    def happens(request: Any, _send: Send) -> AWSResponse:
        body = json.dumps({"__type": code, "message": code})
        if ".s3." in request.url or "s3." in request.url:
            body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
        return AWSResponse(request.url, status, HTTPHeaders(), MockRawResponse(body))

    return happens


def lost(_request: Any, _send: Send) -> Any:
    """The request never arrives."""
    raise ConnectionClosedError(endpoint_url="https://amazon")


def response_lost(_request: Any, send: Send) -> Any:
    """Amazon does what the request asks, but its response never arrives."""
    send()
    raise ReadTimeoutError(endpoint_url="https://amazon")


def killed_before(_request: Any, _send: Send) -> Any:
    raise Killed


def killed_after(_request: Any, send: Send) -> Any:
    send()
    raise Killed


def meanwhile(do: Callable[[], Any]) -> Callable[[Any, Send], Any]:
    """Call `do` before the request reaches Amazon."""

    def happens(_request: Any, send: Send) -> Any:
        do()
        return send()

    return happens


def names(request: Any, table: str) -> bool:
    """True if a DynamoDB request is for this table."""
    return bool(json.loads(request.body)["TableName"] == table)
