"""One LocalStack of our own: on loopback, on a free port, gone when we are."""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil

WORK = Path(__file__).resolve().parent.parent / "target" / "localstack"
START_DEADLINE = 60
# LocalStack hangs on SIGTERM now and then.
STOP_DEADLINE = 5
PR_SET_PDEATHSIG = 1


class NotStarted(Exception):
    """LocalStack did not come up; the message says how far it came."""


class Server:
    """A running LocalStack; `folder` is `target/localstack/<pid of this process>`."""

    def __init__(self):
        self.folder = WORK / str(os.getpid())
        self.process: subprocess.Popen | None = None
        self.endpoint = ""

    def start(self) -> None:
        """Tries three ports: one that is free now may be taken by another run the moment after."""
        sweep()
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "tmp").mkdir(parents=True)
        for attempt in range(3):
            port = free_port()
            self.launch(port)
            try:
                self.wait_for_health(port)
                return
            except NotStarted:
                self.terminate()
                if attempt == 2:
                    raise

    def launch(self, port: int) -> None:
        # STS does not load on Python 3.11: EC2 alone will do, accounts are then read from OwnerId.
        services = "ec2,sts" if sys.version_info >= (3, 12) else "ec2"
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "XDG_CACHE_HOME": str(Path(sys.prefix) / "cache"),
            # The default server, twisted, ignores the address below and binds every interface.
            "GATEWAY_SERVER": "hypercorn",
            "GATEWAY_LISTEN": f"127.0.0.1:{port}",
            "LOCALSTACK_HOST": f"127.0.0.1:{port}",
            "FILESYSTEM_ROOT": str(self.folder / "filesystem"),
            "LOCALSTACK_VOLUME_DIR": str(self.folder / "volume"),
            # Else it writes under /var/lib where this itself runs in a container.
            "OVERRIDE_IN_DOCKER": "0",
            "DNS_ADDRESS": "0",
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "SERVICES": services,
            "STRICT_SERVICE_LOADING": "1",
        }
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "localstack.runtime.main"],
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is ours to handle; if we are killed outright, the kernel ends it (Linux).
                start_new_session=True,
                preexec_fn=die_with_parent if sys.platform == "linux" else None,
            )
        self.endpoint = f"http://127.0.0.1:{port}"
        state = {"endpoint": self.endpoint, "server": stamp(self.process.pid), "owner": stamp(os.getpid())}
        (self.folder / "server.json").write_text(json.dumps(state))

    def wait_for_health(self, port: int) -> None:
        deadline = time.monotonic() + START_DEADLINE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise NotStarted(f"LocalStack ended with {self.process.returncode} while starting")
            if healthy(self.endpoint):
                self.check_address(port)
                return
            time.sleep(0.1)
        raise NotStarted(f"LocalStack did not answer within {START_DEADLINE} s")

    def check_address(self, port: int) -> None:
        """The port is ours and on loopback: another process may have answered in our place."""
        connections = psutil.Process(self.process.pid).net_connections(kind="tcp")
        listening = {tuple(c.laddr) for c in connections if c.status == psutil.CONN_LISTEN}
        if listening != {("127.0.0.1", port)}:
            raise NotStarted(f"LocalStack listens on {sorted(listening)} rather than on 127.0.0.1:{port}")

    def terminate(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def stop(self, failed: bool = False) -> None:
        """Ends LocalStack and removes its folder; after a failure the log stays as `last-failure.log`."""
        self.terminate()
        log = self.folder / "log"
        if failed and log.exists():
            log.replace(WORK / "last-failure.log")
        shutil.rmtree(self.folder, ignore_errors=True)


def running() -> list[dict]:
    """The servers of every harness that is still there."""
    states = []
    for path in sorted(WORK.glob("[0-9]*/server.json")):
        try:
            state = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        if alive(state["owner"]) and alive(state["server"]):
            states.append(state)
    return states


def sweep() -> None:
    """Clears up after harnesses that were killed."""
    for folder in WORK.glob("[0-9]*"):
        try:
            state = json.loads((folder / "server.json").read_text())
        except (OSError, ValueError):
            if not psutil.pid_exists(int(folder.name)):
                shutil.rmtree(folder, ignore_errors=True)
            continue
        if not alive(state["owner"]):
            end(state["server"])
            shutil.rmtree(folder, ignore_errors=True)


def stamp(pid: int) -> list:
    """A process for good: its id alone may come back as another's."""
    return [pid, psutil.Process(pid).create_time()]


def alive(process: list) -> bool:
    pid, created = process
    try:
        found = psutil.Process(pid)
        return found.create_time() == created and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end(process: list, deadline: float = STOP_DEADLINE) -> None:
    """SIGTERM, then SIGKILL, to the very process that was stamped."""
    if not alive(process):
        return
    found = psutil.Process(process[0])
    try:
        found.terminate()
        found.wait(deadline)
    except psutil.TimeoutExpired:
        found.kill()
    except psutil.NoSuchProcess:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def healthy(endpoint: str) -> bool:
    # A proxy from the environment has no business between us and loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{endpoint}/_localstack/health", timeout=2) as answer:
            return "ec2" in json.load(answer)["services"]
    except (OSError, ValueError, KeyError):
        return False


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
