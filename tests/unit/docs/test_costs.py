"""The cost figures of the README and of docs/operating.md are what the prices and counts of tests/data/costs.toml give."""

import re
import tomllib

from conftest import ROOT
from daybreak.families.registry import FAMILIES

COSTS = tomllib.loads((ROOT / "tests/data/costs.toml").read_text(encoding="utf-8"))
PRICES: dict[str, float] = COSTS["prices"]
EVENT: dict[str, float] = COSTS["event"]
JOBS: dict[str, float] = COSTS["jobs"]
LOG_BYTES: float = COSTS["request"]["log_bytes"]
MILLISECONDS: list[float] = COSTS["request"]["collector_ms"]
OPERATING = (ROOT / "docs/operating.md").read_text(encoding="utf-8").partition("\n## Costs\n")[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EVENTS, DAYS = 10_000_000, 30
MORNING_RUNS = len(FAMILIES) + 4
"""Each family, the warnings, the goals and alerts, the lists, the page."""
ALARMS = len(re.findall(r"\byield Alarm\(", (ROOT / "infra/alarms.py").read_text(encoding="utf-8")))
METRICS, FREE_ALARMS = 9, 10
(JOB_MEMORY_MB,) = map(
    int, re.findall(r"^JOB_MEMORY_MB = (\d+)$", (ROOT / "infra/jobs.py").read_text(encoding="utf-8"), re.M)
)


def collecting(requests: int, milliseconds: float) -> float:
    """The gateway, the collector with 1 GB, and the log lines of both."""
    seconds = requests * milliseconds / 1000
    price = PRICES["http_api_request"] + PRICES["lambda_request"]
    return requests * price + seconds * PRICES["lambda_gb_second"] + _gb(requests * LOG_BYTES) * PRICES["log_gb"]


def table(kind: str) -> float:
    """DynamoDB: each item is written twice, with its expiry the second time; read some four times; kept for a month."""
    bytes_, units = EVENTS * EVENT[f"bytes_{kind}"], EVENTS * EVENT[f"write_units_{kind}"]
    queries: float = COSTS["day_with_events"]["query"]
    read_units = bytes_ / 4096 * (queries / 8 / 24) + DAYS * queries
    kept = _gb(bytes_) * (PRICES["table_gb_month"] + PRICES["recovery_gb_month"])
    return 2 * units * PRICES["write_unit"] + read_units * PRICES["read_unit"] + kept


def bucket(day: str, events: int) -> float:
    """S3: the requests of the jobs of a month, and what is kept."""
    return DAYS * _requests(day) + _gb(events * EVENT["lake_bytes"]) * PRICES["s3_gb_month"]


def jobs(export: float, metrics: float, expiries: int = 0) -> float:
    seconds = DAYS * (24 * export + MORNING_RUNS * metrics) + expiries / JOBS["expiries_a_second"]
    return _computing(seconds, runs=DAYS * (24 + MORNING_RUNS))


def _computing(seconds: float, runs: int) -> float:
    """Runs of functions with the memory of the jobs."""
    return seconds * JOB_MEMORY_MB / 1024 * PRICES["lambda_gb_second"] + runs * PRICES["lambda_request"]


def _requests(day: str) -> float:
    """The requests to S3 that were counted of a day, or of a run."""
    counts: dict[str, float] = COSTS[day]
    return (counts["put"] + counts["list"]) * PRICES["s3_put_or_list"] + counts["get"] * PRICES["s3_get"]


def _gb(count: float) -> float:
    return count / 1e9


ALWAYS = max(0, ALARMS - FREE_ALARMS) * PRICES["alarm_month"]
BATCHED = {
    "HTTP API and collector": collecting(EVENTS // 100, max(MILLISECONDS)),
    "DynamoDB": table("batched"),
    "S3": bucket("day_with_events", EVENTS),
    "jobs": jobs(JOBS["export_seconds"], JOBS["metrics_seconds"], EVENTS // 100),
    "alarms": ALWAYS,
}
CLOUDWATCH = min(ALARMS, FREE_ALARMS) * PRICES["alarm_month"] + METRICS * PRICES["metric_month"]
SINGLE = [
    collecting(EVENTS, milliseconds)
    + table("single")
    + BATCHED["S3"]
    + jobs(JOBS["export_seconds"], JOBS["metrics_seconds"], EVENTS)
    + ALWAYS
    for milliseconds in MILLISECONDS
]
IDLE = (
    bucket("idle_day", 0)
    + jobs(JOBS["idle_export_seconds"], JOBS["idle_metrics_seconds"])
    + DAYS * COSTS["idle_day"]["query"] * PRICES["read_unit"]
    + ALWAYS
)


def test_each_row_of_the_table_is_what_the_arithmetic_gives() -> None:
    rows = dict(re.findall(r"^\| ([^|]+?) \| [^|]+ \| ([\d.]+) \|$", OPERATING, re.M))
    assert rows == {name: f"{dollars:.2f}" for name, dollars in BATCHED.items()}


def test_the_sum_is_said_on_both_pages() -> None:
    total = f"{sum(BATCHED.values()):.1f}"
    assert f"| **about {total}0** |" in OPERATING
    assert f"[about {total}0 dollars](docs/operating.md#costs)" in README


def test_what_it_costs_beyond_cloudwatchs_free_tier_is_said() -> None:
    assert f"${PRICES['alarm_month']:.2f} and ${PRICES['metric_month']:.2f} each" in OPERATING
    assert f"${CLOUDWATCH:.2f} more" in OPERATING
    assert f"{_in_words(ALARMS)} alarms and {_in_words(METRICS)} metrics" in OPERATING


def test_what_it_costs_without_batches_is_said() -> None:
    low, high = (round(dollars) for dollars in SINGLE)
    assert f"{low} to {high} dollars" in OPERATING


def test_what_it_costs_while_nobody_sends_is_said_on_both_pages() -> None:
    cents = round(IDLE * 100)
    assert f"some {cents} cents a month" in OPERATING
    assert f"some {cents} cents" in README


def test_what_lists_of_every_hour_cost_while_nobody_sends_is_said_on_both_pages() -> None:
    runs = DAYS * 24
    cents = 100 * (runs * _requests("idle_run_of_hourly_lists") + _computing(runs * JOBS["idle_metrics_seconds"], runs))
    lists = (ROOT / "docs/lists.md").read_text(encoding="utf-8")
    assert f"some {round(cents)} cents a month more" in OPERATING
    assert f"some {round(cents)} cents a month" in lists


HISTORY: dict[str, float] = COSTS["history"]


def test_what_an_import_of_ten_million_events_costs_is_said_beside_the_endpoint() -> None:
    export = _computing(HISTORY["export_seconds"], runs=1)
    imported = _requests("import") + export
    requests = EVENTS / HISTORY["request_events"]
    bytes_ = EVENTS * HISTORY["bytes"]
    queries: float = COSTS["day_with_events"]["query"]
    sent = (
        collecting(int(requests), HISTORY["request_events"] * HISTORY["judge_ms"])
        + 2 * EVENTS * HISTORY["write_units"] * PRICES["write_unit"]
        + bytes_ / 4096 * (queries / 8 / 24) * PRICES["read_unit"]
        + _gb(bytes_) * (PRICES["table_gb_month"] + PRICES["recovery_gb_month"])
        + imported
    )
    assert f"some {round(imported * 100)} cents with `daybreak import`" in OPERATING
    assert f"some {round(sent * 100)} cents through `/v1/import`" in OPERATING
    kept = _gb(EVENTS * EVENT["lake_bytes"]) * PRICES["s3_gb_month"]
    assert f"some {round(kept * 100)} cents a month" in OPERATING


def query(definitions: int, months: int) -> float:
    """A query over the result tables: a listing a definition, its months, and the least that Athena bills."""
    gets: float = definitions * months * COSTS["query"]["gets_of_a_month"]
    least: float = COSTS["query"]["least_bytes"] * PRICES["athena_byte"]
    return definitions * PRICES["s3_put_or_list"] + gets * PRICES["s3_get"] + least


def test_what_a_query_costs_is_said() -> None:
    one, all_ = query(1, 24), query(40, 24)
    assert f"one definition over two years costs ${one:.5f}" in OPERATING
    assert f"one of forty definitions ${all_:.4f}" in OPERATING
    assert f"{40 * 24:,} objects" in OPERATING


def test_what_the_expiry_adds_is_said() -> None:
    batched = EVENTS * EVENT["write_units_batched"] * PRICES["write_unit"]
    single = EVENTS * EVENT["write_units_single"] * PRICES["write_unit"]
    assert f"${batched:.2f} of the table" in OPERATING
    assert f"${single:.2f} for single events" in OPERATING


def test_the_collectors_metrics_are_counted() -> None:
    """Nine names, without the one that has a dimension for each reason, and that of webhooks that are refused."""
    names: set[str] = set()
    for job in ("collector", "export", "metrics"):
        text = (ROOT / "functions" / job / "handler.py").read_text(encoding="utf-8")
        names |= set(re.findall(r'add_metric\(name="(\w+)"', text)) | set(
            re.findall(r'^        "([A-Z]\w+)": ', text, re.M)
        )
    assert len(names - {"RefusedWebhooks"}) == METRICS


def _in_words(number: int) -> str:
    return {9: "nine", 10: "ten", 11: "eleven", 12: "twelve"}[number]
