"""The URLs of the collector in the local cloud: a domain, and below it each API that is deployed."""

from typing import Any

import pytest

from daybreak.aws import clients
from daybreak.aws.stack import Stack
from daybreak.cloud import local

HTTP = "https://http1.execute-api.us-east-1.amazonaws.com/"
REST = "https://rest1.execute-api.us-east-1.amazonaws.com/prod/"


class Gateway:
    """API Gateway's domains and mappings, as the emulator keeps them."""

    def __init__(self) -> None:
        self.domains: list[str] = []
        self.mappings: dict[str, dict[str, str]] = {}
        self.cors: dict[str, Any] = {}
        self.made = 0

    def update_api(self, **settings: Any) -> None:
        self.cors[settings["ApiId"]] = settings["CorsConfiguration"]

    def get_domain_names(self) -> dict[str, Any]:
        return {"Items": [{"DomainName": name} for name in self.domains]}

    def create_domain_name(self, **settings: Any) -> None:
        self.domains.append(settings["DomainName"])

    def get_api_mappings(self, **_: Any) -> dict[str, Any]:
        return {"Items": list(self.mappings.values())}

    def create_api_mapping(self, **settings: Any) -> None:
        self.made += 1
        self.mappings[f"m{self.made}"] = {**settings, "ApiMappingId": f"m{self.made}"}

    def delete_api_mapping(self, **settings: Any) -> None:
        del self.mappings[settings["ApiMappingId"]]

    def mapped(self) -> dict[str, tuple[str, str]]:
        return {m["ApiMappingKey"]: (m["ApiId"], m["Stage"]) for m in self.mappings.values()}


def stack(collector_url: str, gzip_url: str | None) -> Stack:
    return Stack(
        "salt",
        collector_url,
        gzip_url,
        "events",
        "keys",
        "bucket",
        "database",
        "workgroup",
        "export",
        "metrics",
        "lists",
    )


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    made = Gateway()
    monkeypatch.setattr(clients, "gateway", lambda: made)
    return made


def test_each_gateway_that_is_deployed_gets_its_path(gateway: Gateway) -> None:
    local.publish(stack(HTTP, REST))
    assert gateway.mapped() == {"": ("http1", "$default"), "prod": ("rest1", "prod")}
    local.publish(stack(HTTP, REST))
    assert (gateway.made, gateway.domains) == (2, ["127.0.0.1"])
    local.publish(stack(REST, REST))
    assert gateway.mapped() == {"": ("rest1", "prod"), "prod": ("rest1", "prod")}
    local.publish(stack(HTTP, None))
    assert gateway.mapped() == {"": ("http1", "$default")}
    local.publish(stack(HTTP.replace("http1", "http2"), REST))
    assert gateway.mapped() == {"": ("http2", "$default"), "prod": ("rest1", "prod")}


def test_the_http_api_alone_needs_its_cors_settings_again(gateway: Gateway) -> None:
    local.publish(stack(REST, REST))
    assert gateway.cors == {}
    local.publish(stack(HTTP, REST))
    assert set(gateway.cors) == {"http1"}
