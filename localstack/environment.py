"""Makes the virtual environment, once per Python and lock file, and prints its folder.

Runs under whatever Python `run` has found, so the standard library is all there is.
Several runs at once wait for the first: the folder is finished when its marker is there.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK_FILE = HERE / "requirements.lock"
ENVIRONMENTS = HERE.parent / "target" / "localstack" / "venv"


def main() -> int:
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:8]
    name = f"python{sys.version_info.major}.{sys.version_info.minor}-{digest}"
    folder = ENVIRONMENTS / name
    finished = folder / ".finished"
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    with open(ENVIRONMENTS / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (finished.exists() and runs(folder / "bin" / "python")):
            started = time.monotonic()
            print(f"localstack: making {folder} (once)", file=sys.stderr)
            shutil.rmtree(folder, ignore_errors=True)
            if reason := make(folder):
                shutil.rmtree(folder, ignore_errors=True)
                print(f"localstack: {name}: {reason}", file=sys.stderr)
                return 1
            finished.touch()
            print(f"localstack: environment {time.monotonic() - started:.1f} s", file=sys.stderr)
    print(folder)
    return 0


def runs(python: Path) -> bool:
    """Whether the interpreter still starts: its base may have been uninstalled."""
    try:
        return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make(folder: Path) -> str | None:
    """Makes the environment; on failure, the reason in a line."""
    try:
        venv.create(folder, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no virtual environment: {error}"
    # Wheels only: a pin without a wheel for this Python fails at once, and an older Python is tried.
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]
    install = ["install", "--no-deps", "--only-binary", ":all:", "--retries", "2", "--timeout", "20"]
    done = subprocess.run([*pip, *install, "-r", LOCK_FILE], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return lines[-1] if lines else done.stderr.strip() or f"pip ended with {done.returncode}"


if __name__ == "__main__":
    sys.exit(main())
