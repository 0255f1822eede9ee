"""An import into a bucket and the live rules in DynamoDB, as `daybreak import` makes it."""

from datetime import UTC, date, datetime
from pathlib import Path

import boto3

from daybreak.aws.bucket import BucketStore
from daybreak.aws.live_rules import LiveRules
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export
from daybreak.export.pending import read_notes
from daybreak.files.importing import Imported, import_files
from daybreak.files.judge import Judge
from daybreak.ingest.frames import lines_by_source
from daybreak.ingest.rules import forgotten_digest
from daybreak.lake import keys
from support.deployed_tables import create_tables
from support.journeys import LIMITS, project

MEASURED = project('[active_people.anybody]\ndescription = "d"\n')
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
YESTERDAY = date(2026, 11, 20)
EVENTS = 1000


def bring(file: Path, bucket: BucketStore, rules: LiveRules) -> Imported:
    judge = Judge(MEASURED, None, NOW, source="history", rules=rules.current())
    return import_files([str(file)], judge, bucket, rules.forgotten, lambda: NOW, part_events=300)


def test_parts_are_written_to_the_bucket_taken_up_once_and_left_alone(aws: None, tmp_path: Path) -> None:
    client, tables = boto3.client("s3"), boto3.client("dynamodb")
    client.create_bucket(Bucket="lake")
    create_tables(tables)
    bucket, rules = BucketStore(client, "lake"), LiveRules(tables, "keys")
    rules.forget(frozenset({forgotten_digest("u7")}))
    file = tmp_path / "history.csv"
    rows = [f"u{n % 100},Opened,2026-{1 + n % 10:02}-01 10:00:00,m{n}" for n in range(EVENTS)]
    file.write_text("\n".join(["user_id,event,timestamp,message_id", *rows]))
    done = bring(file, bucket, rules)
    assert (done.parts, done.written, done.forgotten, done.waiting) == (4, 990, 10, {YESTERDAY})
    logs = [stored for stored in bucket.list(keys.RAW) if keys.is_imported(stored.key)]
    held = [lines_by_source(bucket.get(stored.key) or b"") for stored in logs]
    assert sum(counts["history"] for counts in held) == 990
    noted = read_notes(bucket).imported[YESTERDAY]
    assert {(note.log, note.contents["md5"]) for note in noted} == {(keys.log_in(s.key), s.md5) for s in logs}
    (manifest,) = Export(bucket, NothingArrives(), MEASURED, LIMITS).day(YESTERDAY, NOW)
    assert (manifest.events, manifest.duplicates, manifest.unreconciled) == (990, 0, 0)
    before = {stored.key: stored.md5 for stored in bucket.list("")}
    again = bring(file, bucket, rules)
    assert (again.parts_before, again.written, again.waiting) == (4, 0, set())
    assert {stored.key: stored.md5 for stored in bucket.list("")} == before
