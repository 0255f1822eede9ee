"""The settings of each Lambda: infra writes them into its environment, and the function reads them when it starts.

A field is the environment variable of the same name in capitals: `events_table` is EVENTS_TABLE.
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from daybreak.errors import CloudError


class FunctionSettings(BaseModel):
    """Settings of every function. Powertools reads its own two from the environment by itself."""

    model_config = ConfigDict(frozen=True)

    powertools_log_level: str = "INFO"
    powertools_metrics_namespace: str = "Daybreak"
    """The CloudWatch namespace of the metrics that the function writes. infra sets it to the name of the stack."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings in an environment. Raises CloudError, which names each variable that is missing or wrong."""
        names = {name.upper(): name for name in cls.model_fields}
        missing = [variable for variable in names if not environment.get(variable)]
        if missing:
            raise CloudError(f"the function's environment lacks {', '.join(missing)}; deploy the stack again")
        try:
            return cls.model_validate({name: environment[variable] for variable, name in names.items()})
        except ValidationError as error:
            wrong = [f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_url=False)]
            raise CloudError(f"the function's environment is wrong: {'; '.join(wrong)}") from None

    def environment(self) -> dict[str, str]:
        """The settings as the environment variables of a Lambda."""
        return {name.upper(): str(value) for name, value in self}


class CollectorSettings(FunctionSettings):
    """Settings of the collector: where it stores events and finds write keys."""

    events_table: str
    keys_table: str
    hash_salt: Annotated[str, Field(description="Key of the hashes of [privacy]; different in each deployment")]


class MetricsSettings(FunctionSettings):
    """Settings of the metric jobs: where they find the lake, and how much memory DuckDB may use."""

    lake_bucket: str
    duckdb_memory_mb: Annotated[int, Field(gt=0)]


class ExportSettings(FunctionSettings):
    """Settings of the export: where it finds arrivals and the lake, and how much memory DuckDB may use."""

    events_table: str
    lake_bucket: str
    duckdb_memory_mb: Annotated[int, Field(gt=0)]


class ListsSettings(ExportSettings):
    """Settings of the lists job: those of the export, and where it finds who was forgotten."""

    keys_table: str


class SendSettings(FunctionSettings):
    """Settings of the job that sends: the lake, its topics, and the name that its messages come from."""

    lake_bucket: str
    duckdb_memory_mb: Annotated[int, Field(gt=0)]
    source: Annotated[str, Field(description="What messages name as their source: daybreak.<name of the stack>")]
    bus: Annotated[str, Field(description="The event bus of sends to EventBridge")]
    topics: Annotated[str, Field(description="JSON: the name of each send to SNS, and the ARN of its topic")]
    allows_loopback: Annotated[
        bool, Field(description="Whether a webhook may be http on this machine: local cloud only")
    ]
