"""Export and compute ten million events of one arrival day in a process of its own: time and peak memory.

The process has the limits of the Lambda: two cores and the deployment's memory limit for DuckDB. Its peak memory is the
kernel's figure for the whole process (ru_maxrss).
"""

import json
import multiprocessing
import resource
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.typical import DAY, lines, lines_are_canonical
from daybreak.cli import show
from daybreak.definitions.project import parse
from daybreak.engine.database import Limits
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export
from daybreak.families.registry import FAMILIES
from daybreak.ingest.frames import pack
from daybreak.lake import keys
from daybreak.lake.store import FolderStore
from daybreak.metrics.job import Metrics

MEMORY_MB = 1900
"""DuckDB's memory limit in infra/jobs.py."""
DEFINITIONS = """
[project]
timezone = "UTC"
[segments.plan]
property = "plan"
[activation.first_workflow]
description = "d"
start = "Signed Up"
milestone = "Workflow Created"
window = "24h"
segments = ["plan"]
[time_to_value.first_run]
description = "d"
start = "Signed Up"
value = "Workflow Run"
window = "30d"
[completion.onboarding]
description = "d"
steps = ["Signed Up", "Connection Added", "Workflow Created", "Workflow Run"]
window = "7d"
[retention.daily]
description = "d"
start = "Signed Up"
return = "any"
period = "day"
periods = 30
[retention.weekly]
description = "d"
start = "Signed Up"
return = "any"
period = "week"
periods = 12
[retention.exact]
description = "d"
start = "Signed Up"
return = "Workflow Run"
period = "day"
periods = 7
clock = "24h"
[completion.best]
description = "d"
steps = ["Workflow Created", "Workflow Run", "Report Shared"]
window = "24h"
entry = "any"
[churn.weekly]
description = "d"
period = "week"
[adoption.sharing]
description = "d"
feature = "Report Shared"
window = "28d"
[breadth.core]
description = "d"
features = ["Connection Added", "Workflow Created", "Workflow Run", "Report Shared"]
window = "28d"
[active_people.everybody]
description = "d"
[active_days.month]
description = "d"
window = "28d"
[lifecycle.weekly]
description = "d"
period = "week"
[conversion.sharing]
description = "d"
start = "Workflow Created"
upgrade = "Report Shared"
window = "14d"
[survey.nps]
description = "d"
answer = "Report Shared"
score = "steps"
scale = "nps"
[support_load.weekly]
description = "d"
ticket = "Report Shared"
start = "Signed Up"
onboarding = "14d"
[campaign.runs]
description = "d"
exposure = "Workflow Created"
action = "Workflow Run"
window = "3d"
[experiment.plans]
description = "d"
exposure = "Signed Up"
variant = "plan"
variants = ["trial", "team"]
goal = "activation.first_workflow"
planned = 1000
"""


def write_raw(store: FolderStore, day: datetime, count: int, seed: int, people: int) -> None:
    """Write the raw log of one arrival day, in frames of 500 events as the collector packs them."""
    assert lines_are_canonical()
    hour, frames, waiting = 0, [], []
    received = day + timedelta(hours=12)
    for written, line in enumerate(lines(count, seed, people, day, received), start=1):
        waiting.append(line)
        if len(waiting) == 500 or written == count:
            frames += [frame.data for frame in pack(waiting)]
            waiting = []
        if written >= (hour + 1) * count / 24:
            store.put(keys.raw(day.date(), hour), b"".join(frames))
            hour, frames = hour + 1, []
    if frames:
        store.put(keys.raw(day.date(), 23), (store.get(keys.raw(day.date(), 23)) or b"") + b"".join(frames))


def measure(count: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        store = FolderStore(Path(folder))
        with show.Stages().stage(f"generating {count:,} events"):
            write_raw(store, DAY, count, seed=1, people=count // 20)
        pipe, child = multiprocessing.get_context("spawn").Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(target=_work, args=(folder, child))
        with show.Stages().stage("exporting and computing"):
            process.start()
            figures = pipe.recv()
            process.join()
    gigabytes = round(figures["peak_bytes"] / 1e9, 2)
    return [
        {"what": f"export of {count:,} events", "measured": round(figures["export"], 1), "unit": "s"},
        *(
            {"what": f"{family} over {count:,} events", "measured": round(seconds, 1), "unit": "s"}
            for family, seconds in figures["families"].items()
        ),
        {"what": f"all families over {count:,} events", "measured": round(sum(figures["families"].values()), 1), "unit": "s"},
        {"what": "peak memory of export and compute", "measured": gigabytes, "unit": "GB", "reach": 3.0,
         "met": "yes" if gigabytes <= 3.0 else "NO"},
    ]  # fmt: skip


def _work(folder: str, pipe: Any) -> None:
    project = parse(DEFINITIONS)
    store, limits = FolderStore(Path(folder)), Limits(memory_mb=MEMORY_MB)
    begun = time.monotonic()
    manifest = Export(store, NothingArrives(), project, limits).replay(DAY.date(), DAY + timedelta(days=1))
    exported = time.monotonic()
    seconds = {}
    for family in FAMILIES:
        started = time.monotonic()
        Metrics(store, project, limits).run(family, DAY.date())
        seconds[family] = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert manifest
    assert manifest.events
    pipe.send({"export": exported - begun, "families": seconds, "peak_bytes": peak})
    pipe.close()


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
