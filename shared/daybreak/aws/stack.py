"""A deployed stack, in the local cloud or in AWS: find its parts, run its jobs, and query its tables."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from daybreak.aws import clients
from daybreak.aws.bucket import BucketStore
from daybreak.aws.events_table import EventsTable
from daybreak.aws.live_rules import LiveRules
from daybreak.aws.webhook_secrets import WebhookSecrets
from daybreak.aws.write_keys import WriteKeys
from daybreak.errors import CloudError
from daybreak.export.payloads import ExportPayload, Payload
from daybreak.ingest.rules import Clean
from daybreak.lists.payloads import ListsPayload
from daybreak.metrics.payloads import MetricsPayload
from daybreak.send.payloads import SendPayload

_POLL_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of a query: column names, rows of text (None for null), and the bytes that Athena read."""

    columns: list[str]
    rows: list[list[str | None]]
    scanned_bytes: int


@dataclass(frozen=True, slots=True)
class Reader:
    """A managed policy for people and tools that read, and the Athena workgroup that goes with it."""

    reads: str
    """metrics, or events: the metrics and the events."""
    policy: str
    workgroup: str


@dataclass(frozen=True, slots=True)
class Stack:
    """The outputs of the deployed stack."""

    hash_salt: str
    collector_url: str
    """The URL that clients send to, unless they gzip as text or JSON."""
    gzip_url: str | None
    """The URL for clients that gzip; None if no REST API is deployed."""
    events_table: str
    keys_table: str
    lake_bucket: str
    database: str
    workgroup: str
    export_function: str
    metrics_function: str
    lists_function: str
    readers: tuple[Reader, ...] = ()
    send_function: str | None = None
    """None if daybreak.toml had no [send.x] when it was deployed."""

    @staticmethod
    def find(name: str) -> Stack:
        """The stack of this name in the account and region that boto3 is set to. Raises CloudError."""
        try:
            (found,) = clients.cloudformation().describe_stacks(StackName=name)["Stacks"]
        except (ClientError, BotoCoreError, ValueError) as error:
            raise CloudError(
                f"no stack {name!r} is deployed here: {error}; try `daybreak up` or `cdk deploy`"
            ) from error
        outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
        return Stack(
            hash_salt=found["StackId"].rpartition("/")[2],  # as infra/collector.py passes it to the collector
            collector_url=outputs["CollectorUrl"],
            gzip_url=outputs.get("CollectorUrlForGzip"),
            events_table=outputs["EventsTable"],
            keys_table=outputs["KeysTable"],
            lake_bucket=outputs["LakeBucket"],
            database=outputs["Database"],
            workgroup=outputs["Workgroup"],
            export_function=outputs["ExportFunction"],
            metrics_function=outputs["MetricsFunction"],
            send_function=outputs.get("SendFunction"),
            lists_function=outputs.get("ListsFunction", ""),
            readers=tuple(
                Reader(reads, outputs[policy], outputs[f"{reads.capitalize()}ReaderWorkgroup"])
                for reads in ("metrics", "events")
                if (policy := f"{reads.capitalize()}ReaderPolicy") in outputs
            ),
        )

    def write_keys(self) -> WriteKeys:
        return WriteKeys(clients.dynamodb(), self.keys_table)

    def webhook_secrets(self) -> WebhookSecrets:
        return WebhookSecrets(clients.dynamodb(), self.keys_table)

    def events(self) -> EventsTable:
        return EventsTable(clients.dynamodb(), self.events_table)

    def lake(self) -> BucketStore:
        return BucketStore(clients.s3(), self.lake_bucket)

    def live_rules(self, clean: Clean = lambda event: event) -> LiveRules:
        return LiveRules(clients.dynamodb(), self.keys_table, clean)

    def export(self, payload: ExportPayload) -> dict[str, Any]:
        """Run the export now and wait for it."""
        return _invoke(self.export_function, payload)

    def metrics(self, payload: MetricsPayload) -> dict[str, Any]:
        """Run a metric job now and wait for it."""
        return _invoke(self.metrics_function, payload)

    def lists(self, payload: ListsPayload) -> dict[str, Any]:
        """Make lists now and wait for it. Raises CloudError, also for a stack that was deployed before lists were."""
        if not self.lists_function:
            raise CloudError("the deployed stack makes no lists yet; deploy it again")
        return _invoke(self.lists_function, payload)

    def send(self, payload: SendPayload) -> dict[str, Any]:
        """Run the job that sends now and wait for it. Raises CloudError if none is deployed."""
        if self.send_function is None:
            raise CloudError("nothing is deployed that sends; add a [send.NAME] to daybreak.toml and deploy again")
        return _invoke(self.send_function, payload)

    def query(self, sql: str, waiting: Callable[[float], None] = lambda _: None) -> QueryResult:
        """Run a query in Athena, and call `waiting` with the seconds so far while it runs. Raises CloudError."""
        athena = clients.athena()
        try:
            started = athena.start_query_execution(
                QueryString=sql,
                WorkGroup=self.workgroup,
                QueryExecutionContext={"Database": self.database},
                # in AWS the workgroup sets the same and prevails; the local cloud forgets its settings on a restart
                ResultConfiguration={"OutputLocation": f"s3://{self.lake_bucket}/athena-results/"},
            )
            execution = started["QueryExecutionId"]
            begun = time.monotonic()
            while True:
                status = athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]
                state = status["Status"]["State"]
                if state in ("FAILED", "CANCELLED"):
                    raise CloudError(f"the query {state.lower()}: {status['Status'].get('StateChangeReason', '')}")
                if state == "SUCCEEDED":
                    break
                waiting(time.monotonic() - begun)
                time.sleep(_POLL_SECONDS)
            pages = list(athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution))
        except (ClientError, BotoCoreError) as error:
            raise CloudError(f"Athena cannot be queried: {error}") from error
        columns = [column["Name"] for column in pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
        rows = [
            [cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]
        ]
        if rows and rows[0] == columns:  # Athena repeats the header as the first row of a select
            rows = rows[1:]
        return QueryResult(columns, rows, status.get("Statistics", {}).get("DataScannedInBytes", 0))


def _invoke(function: str, payload: Payload) -> dict[str, Any]:
    """Invoke a job and wait for its result. Raises CloudError, with the job's own message if the job failed."""
    try:
        response = clients.lambda_().invoke(FunctionName=function, Payload=payload.to_json().encode())
    except (ClientError, BotoCoreError) as error:
        raise CloudError(f"the job could not be started: {error}") from error
    result = json.loads(response["Payload"].read() or b"null")
    if response.get("FunctionError"):
        raise CloudError(result.get("errorMessage") or json.dumps(result)[:500])
    return dict(result)
