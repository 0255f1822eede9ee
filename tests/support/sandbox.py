"""A copy of the checkout in another folder, with its own local cloud on a free port."""

import base64
import json
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from conftest import ROOT
from daybreak.cloud import local


class Sandbox:
    """A copy of the checkout with its own local cloud."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        nothing = ("AWS_", "DAYBREAK_")
        temporary = folder / ".daybreak" / "tmp"  # so that files of the local cloud are removed with the copy
        temporary.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(nothing)}
        self.environment = {**kept, "TMPDIR": str(temporary)}

    def run(self, command: str, **environment: str) -> str:
        """Run a shell command in the copy; its standard output. Fails if its exit code is not 0."""
        done = subprocess.run(
            ["bash", "-ec", command], cwd=self.folder, env={**self.environment, **environment},
            capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def query(self, sql: str, stack: str = "Daybreak") -> list[dict[str, str]]:
        one_line = " ".join(sql.split())
        return list(json.loads(self.run(f'.venv/bin/daybreak query --json --stack {stack} "{one_line}"')))

    @cached_property
    def status(self) -> dict[str, str]:
        return dict(json.loads(self.run(".venv/bin/daybreak status --json")))

    def post(self, body: bytes, path: str = "/v1/batch", key: str | None = None, method: str = "POST",
             kind: str = "application/octet-stream") -> tuple[int, dict[str, Any], dict[str, str]]:  # fmt: skip
        """Send a request to the public endpoint; the response's status, body and headers."""
        status = self.status
        basic = base64.b64encode(f"{key or status['write_key']}:".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": kind}
        request = urllib.request.Request(status["url"] + path, data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, json.loads(response.read()), dict(response.headers)
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read()), dict(refused.headers)


@contextmanager
def copied(folder: Path, *, installed: bool = False) -> Iterator[Sandbox]:
    """Copy the files that git knows of the checkout into `folder`; stop its local cloud at the end.

    `installed`: link this checkout's environment, Node modules and bundled dependencies into the copy. `make` must not
    run in such a copy, because it would install the copy into them. By default nothing is linked, and `make` installs
    everything.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name in _INSTALLED if installed else ():
        (ROOT / name).mkdir(parents=True, exist_ok=True)
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).symlink_to(ROOT / name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    try:
        yield Sandbox(folder, port)
    finally:
        local.stop(folder)


_INSTALLED = (".venv", "infra/node_modules", ".daybreak/dependencies")
