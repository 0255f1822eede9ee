"""The address of every object in the lake. No other module builds a key.

raw/arrived=2026-11-21/07.ndjson.zst          the frames of an arrival hour (UTC), byte for byte
raw/arrived=2026-11-20/23-import-<digest>.ndjson.zst   events of files, put there by `daybreak import`
quarantine/arrived=2026-11-21/07.ndjson.zst   the same as the first for rejected events
rejected/arrived=2026-11-21/rejected.parquet  the quarantine as a table
events/dt=2026-11-20/arrived=2026-11-21.parquet
moved/original=2026-11-20/arrived=…parquet    ids of events whose date differs from the one their client named
derived/<version>/<table>/day=2026-11-20.parquet
derived/<version>/<table>/until=2026-10.parquet   everything up to the end of that month, merged
reconciliation/arrived=2026-11-21/reconciliation.parquet   accepted = stored = exported = in the lake + duplicates
pending/arrived=2026-11-21.json               an arrival day whose raw log waits to be rebuilt: removed after it
pending/arrived=2026-11-20/23-import-<digest>.json   what an imported log holds, until the day's manifest says it
expiry/2026-11-21T07.9f2c41aa                 an arrival hour whose items in DynamoDB may have no expiry yet
exports/arrived=2026-11-21.json               the manifest of that arrival day: written last
metrics/<family>/by_month/definition=<name>/2026-11.parquet   rows of the days or cohorts in that month
definitions/family=<family>/definitions.parquet   the meaning of each definition
warnings/warnings.parquet                     the doubts about the numbers, as of the newest morning
goals/goals.parquet                           every goal on every morning
alerts/alerts.parquet                         every episode of an alert
lists/<name>/made=2026-11-21T050000Z/people.csv   the people of a list, one of the files of one making
lists/<name>/state.json                       which making was the last one
list_counts/<name>.parquet                    the table `lists`: counts only
latest/<family>.json, latest/warnings.json, latest/goals.json, latest/alerts.json, latest/lists.json
outbox/begun/<send>.json                      the morning from which a send gets messages
outbox/waiting/<send>/<id>.json               a message that is not delivered yet; it holds no id of a person
outbox/dead/<send>/<id>.json                  a message that was tried for two days in vain
sent/<send>/<id>.json                         a message that was delivered, and what the target answered
messages/<send>/<id>.json                     a message as a file, for a send to S3
page/<day>.html, page/index.html              the page of each morning, and the newest
receipts/forgotten-<time>.json                the receipt of a `daybreak forget`
"""

from datetime import UTC, date, datetime
from typing import Literal

UNDATED = "undated"
"""Stands for the date of events whose client named no time."""
_HOUR = "%Y-%m-%dT%H"
_IMPORT = "-import-"


RAW = "raw/"


def raw_prefix(arrived: date) -> str:
    return f"{RAW}arrived={arrived}/"


def raw(arrived: date, hour: int) -> str:
    return f"{raw_prefix(arrived)}{hour:02}.ndjson.zst"


def quarantine_prefix(arrived: date) -> str:
    return f"quarantine/arrived={arrived}/"


def quarantine(arrived: date, hour: int) -> str:
    return f"{quarantine_prefix(arrived)}{hour:02}.ndjson.zst"


def rejected(arrived: date) -> str:
    return f"rejected/arrived={arrived}/rejected.parquet"


def hour_in(key: str) -> int:
    """The arrival hour in the name of an object of `raw` or `quarantine`."""
    return hour_of_log(log_in(key))


def imported_log(digest: str) -> str:
    """The name of a log of imported events, which belongs to the last hour of its arrival day."""
    return f"23{_IMPORT}{digest}"


def is_imported(log: str) -> bool:
    """True for the name of a log that an import has written, false for that of an arrival hour."""
    return _IMPORT in log


def log_in(key: str) -> str:
    """The name of a log in the key of its object, or of its note: the hour, or that of an import."""
    return key.rpartition("/")[2].partition(".")[0]


def hour_of_log(log: str) -> int:
    return int(log[:2])


def raw_log(arrived: date, log: str) -> str:
    return f"{raw_prefix(arrived)}{log}.ndjson.zst"


def quarantine_log(arrived: date, log: str) -> str:
    return f"{quarantine_prefix(arrived)}{log}.ndjson.zst"


def reconciliation(arrived: date) -> str:
    return f"reconciliation/arrived={arrived}/reconciliation.parquet"


def receipt(at: datetime) -> str:
    return f"receipts/forgotten-{at:%Y-%m-%dT%H%M%S.%f}.json"


def events_prefix(day: date) -> str:
    return f"events/dt={day}/"


def events(day: date, arrived: date) -> str:
    return f"{events_prefix(day)}arrived={arrived}.parquet"


def moved_prefix(original: date | str) -> str:
    return f"moved/original={original}/"


def moved(original: date | str, arrived: date) -> str:
    return f"{moved_prefix(original)}arrived={arrived}.parquet"


def folder(key: str) -> str:
    """The prefix of a key, up to its last slash."""
    return key.rpartition("/")[0] + "/"


def arrived_of(key: str) -> date:
    """The arrival date in the file name of an `events` or `moved` object."""
    return date.fromisoformat(key.rpartition("arrived=")[2][:10])


PENDING = "pending/"


def pending(arrived: date) -> str:
    return f"{PENDING}arrived={arrived}.json"


def imported_prefix(arrived: date) -> str:
    return f"{PENDING}arrived={arrived}/"


def imported(arrived: date, log: str) -> str:
    """The note of an imported log."""
    return f"{imported_prefix(arrived)}{log}.json"


EXPIRY = "expiry/"


def expiry(hour: datetime, run: str) -> str:
    """The note of one run about an arrival hour."""
    return f"{EXPIRY}{hour_of(hour)}.{run}"


def hour_of_expiry(key: str) -> datetime:
    """The arrival hour (UTC) in the name of a note under `expiry/`."""
    return hour_from(key.removeprefix(EXPIRY).partition(".")[0])


EXPORTS = "exports/"


def export(arrived: date) -> str:
    return f"{EXPORTS}arrived={arrived}.json"


def derived_prefix(version: str, table: str = "") -> str:
    return f"derived/{version}/{table}/" if table else f"derived/{version}/"


def derived_day(version: str, table: str, day: date) -> str:
    return f"{derived_prefix(version, table)}day={day}.parquet"


def derived_until(version: str, table: str, month: str) -> str:
    """`month` as 2026-10."""
    return f"{derived_prefix(version, table)}until={month}.parquet"


def derived_ready(version: str) -> str:
    """This object exists if the derived tables of this version cover all of history."""
    return f"{derived_prefix(version)}ready.json"


def metrics_prefix(family: str) -> str:
    """All results of a family, also those that an older version wrote by day: definition=<name>/cohort=2026-11-20/."""
    return f"metrics/{family}/"


def months_prefix(family: str) -> str:
    """The results of a family by month: the folder of its table, in which no object by day stands."""
    return f"{metrics_prefix(family)}by_month/"


def metrics(family: str, definition: str, month: str) -> str:
    """`month` as 2026-11."""
    return f"{months_prefix(family)}definition={definition}/{month}.parquet"


def is_by_month(key: str) -> bool:
    """True for an object of results by month, false for one that an older version wrote by day."""
    return "/by_month/" in key


def month(day: date) -> str:
    """The month of a day in the names of objects: 2026-11."""
    return f"{day:%Y-%m}"


def definition_of(key: str) -> str:
    """The definition in the key of an object of results."""
    return key.partition("definition=")[2].partition("/")[0]


def month_of(key: str) -> str:
    """The month in the key of an object of results."""
    return key.rpartition("/")[2][:7]


LATEST = "latest/"
"""The folder of the small JSON objects, each written after its table."""


def latest(family: str) -> str:
    return f"{LATEST}{family}.json"


def hour_of(moment: datetime) -> str:
    """The arrival hour at the beginning of DynamoDB's partition key: 2026-11-21T07."""
    return moment.strftime(_HOUR)


def hour_from(text: str) -> datetime:
    """The hour (UTC) from the text of `hour_of`."""
    return datetime.strptime(text, _HOUR).replace(tzinfo=UTC)


def definitions(family: str) -> str:
    return f"definitions/family={family}/definitions.parquet"


WARNINGS = "warnings"
"""The name of the table of warnings, and of the job that writes it each morning beside the families."""


def warnings() -> str:
    return f"{WARNINGS}/{WARNINGS}.parquet"


WATCH = "watch"
"""The name of the job that judges goals and alerts each morning, after the families."""
GOALS, ALERTS = "goals", "alerts"
"""The names of its tables."""


def watched(table: str) -> str:
    """The object of the table of goals or alerts."""
    return f"{table}/{table}.parquet"


LISTS = "lists"
"""The name of the table of lists, of the job that makes them, and of the folder of the files that name people."""


def lists_prefix(name: str = "") -> str:
    """The folder of a list's files, or that of all lists."""
    return f"{LISTS}/{name}/" if name else f"{LISTS}/"


def list_file(name: str, made_at: datetime, file: str) -> str:
    """A file of the list as it was made for an instant (UTC)."""
    moment = made_at.strftime("%Y-%m-%dT%H%M%S.%f").removesuffix(".000000")
    return f"{lists_prefix(name)}made={moment}Z/{file}"


def list_state(name: str) -> str:
    return f"{lists_prefix(name)}state.json"


def list_in(key: str) -> str:
    """The name of the list in the key of one of its files, or of its counts."""
    return key.split("/")[1].removesuffix(".parquet")


LIST_COUNTS = "list_counts"
"""The folder of the table of lists. It is not that of their files: who may read counts may not read people."""


def list_counts(name: str = "") -> str:
    """The object with the counts of a list, or the folder of all of them."""
    return f"{LIST_COUNTS}/{name}.parquet" if name else f"{LIST_COUNTS}/"


OUTBOX = "outbox/"
Undelivered = Literal["waiting", "dead"]


def begun(send: str) -> str:
    return f"{OUTBOX}begun/{send}.json"


def undelivered_prefix(state: Undelivered, send: str = "") -> str:
    return f"{OUTBOX}{state}/{send}/" if send else f"{OUTBOX}{state}/"


def undelivered(state: Undelivered, send: str, message_id: str) -> str:
    return f"{undelivered_prefix(state, send)}{message_id}.json"


def sent_prefix(send: str) -> str:
    return f"sent/{send}/"


def sent(send: str, message_id: str) -> str:
    return f"{sent_prefix(send)}{message_id}.json"


MESSAGES = "messages/"


def message(send: str, message_id: str) -> str:
    return f"{MESSAGES}{send}/{message_id}.json"


def message_in(key: str) -> str:
    """The id of the message in the key of an object of `outbox`, `sent` or `messages`."""
    return key.rpartition("/")[2].removesuffix(".json")


PAGE = "page"
"""The name of the job that writes the page, after all tables are there."""


def page(day: date) -> str:
    return f"{PAGE}/{day}.html"


def newest_page() -> str:
    return f"{PAGE}/index.html"
