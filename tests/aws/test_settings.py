"""The settings of each Lambda: one model that infra writes and the function reads when it starts."""

from pathlib import Path
from typing import Any

import pytest

from conftest import payload
from daybreak.aws.settings import CollectorSettings, ExportSettings, FunctionSettings, MetricsSettings
from daybreak.errors import CloudError
from support.endpoint import handler_module

SETTINGS: dict[str, FunctionSettings] = {
    "collector": CollectorSettings(events_table="events", keys_table="keys", hash_salt="salt"),
    "export": ExportSettings(events_table="events", lake_bucket="lake", duckdb_memory_mb=512),
    "metrics": MetricsSettings(lake_bucket="lake", duckdb_memory_mb=512),
}
VARIABLES = [(function, variable) for function, settings in SETTINGS.items() for variable in settings.environment()]
REQUESTS = {
    "collector": payload("gateway-http-api.json"),
    "export": payload("export-hourly.json"),
    "metrics": payload("metrics-scheduled.json"),
}


def start(function: str, environment: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The function's first invocation, in this environment alone."""
    for name in {variable for _, variable in VARIABLES}:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return handler_module(function, folder).handler(REQUESTS[function], None)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_the_settings_that_infra_writes_are_the_ones_that_the_function_reads(settings: FunctionSettings) -> None:
    assert type(settings).read({**settings.environment(), "PATH": "/bin"}) == settings


@pytest.mark.parametrize(("function", "variable"), VARIABLES)
def test_a_function_that_starts_without_one_of_its_settings_says_which_in_one_line(
    function: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = SETTINGS[function].environment()
    del environment[variable]
    with pytest.raises(CloudError, match=rf"^the function's environment lacks {variable}; deploy the stack again$"):
        start(function, environment, tmp_path, monkeypatch)


def test_all_missing_settings_are_named_at_once() -> None:
    with pytest.raises(CloudError, match="lacks POWERTOOLS_METRICS_NAMESPACE, EVENTS_TABLE, KEYS_TABLE; deploy"):
        CollectorSettings.read({"POWERTOOLS_LOG_LEVEL": "INFO", "EVENTS_TABLE": "", "HASH_SALT": "salt"})


def test_a_setting_of_the_wrong_type_is_named() -> None:
    environment = SETTINGS["metrics"].environment() | {"DUCKDB_MEMORY_MB": "much"}
    with pytest.raises(CloudError, match=r"^the function's environment is wrong: DUCKDB_MEMORY_MB: .*$"):
        MetricsSettings.read(environment)
