"""The local cloud: ministack as a child process on loopback, its state in `.daybreak/`, and the real stack in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from daybreak.aws import clients
from daybreak.aws.stack import Stack
from daybreak.cloud import cdk
from daybreak.errors import CloudError

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client

PORT = 4566
_COLLECTOR_HOST = "127.0.0.1"
"""The collector's custom domain in the local cloud. See emulator.py for requests to `localhost`."""
_REST_STAGE = "prod"
_ACCOUNT, _REGION = "000000000000", "us-east-1"
_START_SECONDS = 60
_STOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class LocalCloud:
    """A running local cloud: its process, its port and the folder of its state."""

    pid: int
    port: int
    folder: str

    @property
    def endpoint(self) -> str:
        return f"http://localhost:{self.port}"

    def environment(self) -> dict[str, str]:
        """The environment that makes boto3 and the CDK use this cloud and nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": _REGION,
            "AWS_DEFAULT_REGION": _REGION,
            "CDK_DEFAULT_ACCOUNT": _ACCOUNT,
            "CDK_DEFAULT_REGION": _REGION,
        }

    @property
    def url(self) -> str:
        """The URL that clients send to: a host without a path, as every SDK accepts it. See `publish`."""
        return f"http://{_COLLECTOR_HOST}:{self.port}"

    @property
    def gzip_url(self) -> str:
        """The URL for clients that gzip. It ends with the REST API's stage, as in AWS."""
        return f"{self.url}/{_REST_STAGE}"


def running(project: Path) -> LocalCloud | None:
    """The local cloud of this checkout, if it is up."""
    file = project / ".daybreak" / "cloud.json"
    if not file.is_file():
        return None
    cloud = LocalCloud(**json.loads(file.read_text()))
    return cloud if _alive(cloud.pid) and _healthy(cloud.endpoint) else None


def start(project: Path, port: int = PORT, *, keep: bool = True) -> LocalCloud:
    """Start the local cloud and wait until it responds. If it already runs, return it.

    `keep`: continue with the state of the last run. Raises CloudError, which names the log of the process.
    """
    if cloud := running(project):
        return cloud
    folder = project / ".daybreak"
    if not keep:
        shutil.rmtree(folder / "state", ignore_errors=True)
    folder.mkdir(exist_ok=True)
    if _is_used(port):
        raise CloudError(
            f"port {port} is used by another program; stop it, or choose another port: daybreak up --port {port + 1}"
        )
    with (folder / "cloud.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hypercorn", "daybreak.cloud.emulator:app", *_served(port)],
            cwd=folder,
            env=_settings(folder, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    cloud = LocalCloud(process.pid, port, str(folder))
    deadline = time.monotonic() + _START_SECONDS
    while not _healthy(cloud.endpoint):
        if process.poll() is not None or time.monotonic() > deadline:
            stop_process(process.pid)
            raise CloudError(f"the local cloud did not start; see {folder / 'cloud.log'}")
        time.sleep(0.2)
    (folder / "cloud.json").write_text(json.dumps(asdict(cloud)))
    return cloud


def stop(project: Path) -> bool:
    """Stop the local cloud by its process id; its state stays. Returns False if none was running."""
    file = project / ".daybreak" / "cloud.json"
    if not file.is_file():
        return False
    cloud = LocalCloud(**json.loads(file.read_text()))
    file.unlink()
    return stop_process(cloud.pid)


def stop_process(pid: int) -> bool:
    """End a process group that we started: with SIGTERM, so that it saves its state, then with SIGKILL."""
    if not _alive(pid):
        return False
    for sign in (signal.SIGTERM, signal.SIGKILL):
        os.killpg(pid, sign)
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            if not _alive(pid):
                return True
            time.sleep(0.1)
    return True


def deploy(project: Path, cloud: LocalCloud, stage: Callable[[str], None]) -> dict[str, str]:
    """Synthesise the stack, bootstrap and deploy. Returns the stack's outputs by name."""
    environment = cdk.environment({**os.environ, **cloud.environment()})
    assembly, outputs = ".daybreak/cdk.out", ".daybreak/outputs.json"
    stage("synthesising the stack")
    _cdk(project, environment, "synth", "--quiet", "--context", "local=true", "--output", assembly)
    stage("bootstrapping")
    _cdk(project, environment, "bootstrap", f"aws://{_ACCOUNT}/{_REGION}", "--app", assembly)
    stage("deploying")
    _cdk(project, environment, "deploy", "--app", assembly, "--require-approval", "never", "--outputs-file", outputs,
         "--method", "direct", "--progress", "events")  # fmt: skip
    (values,) = json.loads((project / outputs).read_text()).values()
    return dict(values)


def publish(stack: Stack) -> None:
    """Give the APIs their URLs on this machine, and the HTTP API the CORS settings that browsers need. Safe to repeat.

    Names under *.localhost do not resolve everywhere, and some SDKs drop the path of the host they are given, so the
    APIs share a custom domain: the REST API gets the paths below its stage, and the HTTP API, if it is deployed, all
    others.
    """
    gateway = clients.gateway()
    wanted = {}
    if stack.gzip_url:
        wanted[_REST_STAGE] = wanted[""] = (_api_id(stack.gzip_url), _REST_STAGE)
    if stack.collector_url != stack.gzip_url:
        wanted[""] = (_api_id(stack.collector_url), "$default")
        _set_cors(gateway, _api_id(stack.collector_url))
    if _COLLECTOR_HOST not in {domain["DomainName"] for domain in gateway.get_domain_names()["Items"]}:
        gateway.create_domain_name(DomainName=_COLLECTOR_HOST)
    mapped = gateway.get_api_mappings(DomainName=_COLLECTOR_HOST)["Items"]
    if {item.get("ApiMappingKey", ""): (item["ApiId"], item["Stage"]) for item in mapped} != wanted:
        for item in mapped:
            gateway.delete_api_mapping(DomainName=_COLLECTOR_HOST, ApiMappingId=item["ApiMappingId"])
        for path, (api, api_stage) in wanted.items():
            gateway.create_api_mapping(DomainName=_COLLECTOR_HOST, ApiId=api, Stage=api_stage, ApiMappingKey=path)


def _set_cors(gateway: ApiGatewayV2Client, http_api: str) -> None:
    """The CORS settings of infra/http_api.py. The emulator ignores those that come from CloudFormation."""
    gateway.update_api(
        ApiId=http_api,
        CorsConfiguration={
            "AllowOrigins": ["*"],
            "AllowHeaders": ["*", "authorization"],
            "AllowMethods": ["POST", "GET", "OPTIONS"],
            "ExposeHeaders": ["retry-after"],
            "MaxAge": 86_400,
        },
    )


def _api_id(url: str) -> str:
    return url.partition("://")[2].partition(".")[0]


def _cdk(project: Path, environment: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        cdk.command(project, *arguments), cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        output = (done.stderr + done.stdout).strip().splitlines()
        raise CloudError(f"cdk {arguments[0]} failed:\n" + "\n".join(output[-25:]))


def _served(port: int) -> list[str]:
    """Options of hypercorn: on loopback only, in one process, which holds the emulator's state."""
    return ["--bind", f"127.0.0.1:{port}", "--workers", "0", "--keep-alive", "75"]


def _settings(folder: Path, port: int) -> dict[str, str]:
    """ministack's environment: its state in our folder, and nothing of the caller's AWS account."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **inherited,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", "")]),
        "GATEWAY_PORT": str(port),
        "AWS_ENDPOINT_URL": f"http://localhost:{port}",
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "STATE_DIR": str(folder / "state" / "services"),
        "S3_DATA_DIR": str(folder / "state" / "s3"),
        "LOG_LEVEL": "WARNING",
        "IOT_MTLS_ENABLED": "0",  # the emulator's only listener that is not on loopback
    }


def _alive(pid: int) -> bool:
    try:
        ended, _ = os.waitpid(pid, os.WNOHANG)  # reap it if it is our own child
        if ended == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _healthy(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/ready", timeout=2) as response:  # noqa: S310 - loopback
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _is_used(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
