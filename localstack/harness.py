"""Starts LocalStack, seeds a scenario, records it and compares the answers. Usage: see README.md.

Exit codes: 0 passed, 1 an answer differs, 2 could not run, 77 skipped (from `run`).
"""

import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import seed
import server

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = ROOT / "testdata" / "aws"
# The calls that `cloudfw record` makes, as the AWS CLI names them; the file is named after the call.
CALLS = (
    "describe-addresses",
    "describe-customer-gateways",
    "describe-dhcp-options",
    "describe-egress-only-internet-gateways",
    "describe-instances",
    "describe-internet-gateways",
    "describe-managed-prefix-lists",
    "describe-nat-gateways",
    "describe-network-acls",
    "describe-network-interfaces",
    "describe-regions",
    "describe-route-tables",
    "describe-security-group-vpc-associations",
    "describe-security-groups",
    "describe-subnets",
    "describe-transit-gateway-attachments",
    "describe-transit-gateway-route-tables",
    "describe-transit-gateway-vpc-attachments",
    "describe-transit-gateways",
    "describe-vpc-block-public-access-exclusions",
    "describe-vpc-block-public-access-options",
    "describe-vpc-endpoints",
    "describe-vpc-peering-connections",
    "describe-vpcs",
    "describe-vpn-connections",
    "describe-vpn-gateways",
)


class Failure(Exception):
    """Something that was tried did not work; the message is one line."""


def main() -> int:
    arguments = parse(sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        return arguments.command(arguments)
    except (Failure, server.NotStarted) as error:
        print(f"localstack: {error}", file=sys.stderr)
    except Exception:
        # A fault of ours: not to be taken for a wrong answer, which is 1.
        traceback.print_exc()
    return 2


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="localstack/run", description="LocalStack, seeded and asked")
    parser.set_defaults(command=compare, scenario="three-tier", cli=False)
    commands = parser.add_subparsers(metavar="COMMAND")

    everything = commands.add_parser("compare", help="start, seed, record, ask, compare, stop (the default)")
    everything.add_argument("scenario", nargs="?", default="three-tier", help="a folder of testdata/aws, or a path")
    everything.add_argument("--cli", action="store_true", help="record with the AWS CLI, not with cloudfw")
    everything.set_defaults(command=compare)

    up = commands.add_parser("up", help="start, print the environment to work with, and stay")
    up.add_argument("scenario", nargs="?", help="seed this scenario too")
    up.add_argument("--until-eof", action="store_true", help="stop when standard input ends")
    up.set_defaults(command=stay)

    seeding = commands.add_parser("seed", help="seed a scenario into the LocalStack that runs")
    seeding.add_argument("scenario")
    seeding.set_defaults(command=seed_running)

    describing = commands.add_parser("describe", help="save what the AWS CLI says of the LocalStack that runs")
    describing.add_argument("folder", type=Path)
    describing.set_defaults(command=describe_running)

    stopping = commands.add_parser("down", help="stop what `up` started")
    stopping.add_argument("endpoint", nargs="?", help="which, if several run")
    stopping.set_defaults(command=down)
    return parser.parse_args(words)


def interrupted(number: int, _frame) -> None:
    """Once is enough: what follows is clearing up, and must not be interrupted."""
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


# --- commands -------------------------------------------------------------------------------


def compare(arguments: argparse.Namespace) -> int:
    """The whole round; 1 if any of the scenario's queries is answered otherwise than expected."""
    scenario = folder_of(arguments.scenario)
    binary = cloudfw()
    documents = seed.load(scenario)
    account, region = seed.place(documents)
    local = server.Server()
    recording = local.folder / "recording"
    passed = False
    begun = time.monotonic()
    try:
        phase("start", local.start)
        phase("seed", lambda: plant(documents, local.endpoint))
        environment = credentials(local.endpoint, account, region)
        if arguments.cli:
            phase("record (AWS CLI)", lambda: describe(recording, environment))
        else:
            phase("record", lambda: record(binary, recording, environment))
        recorded = phase("ask the recording", lambda: ask(binary, scenario, scenario))
        live = phase("ask LocalStack", lambda: ask(binary, scenario, recording))
        keep(recording)
        passed = report(scenario, recorded, live)
        if (scenario / "findings.json").is_file():
            passed &= phase("audit both", lambda: compare_findings(binary, scenario, recording))
    finally:
        phase("stop", lambda: local.stop(failed=not passed))
    print(f"localstack: {'passed' if passed else 'FAILED'} in {time.monotonic() - begun:.1f} s")
    return 0 if passed else 1


def stay(arguments: argparse.Namespace) -> int:
    documents = seed.load(folder_of(arguments.scenario or "three-tier"))
    local = server.Server()
    try:
        local.start()
        if arguments.scenario:
            plant(documents, local.endpoint)
        for name, value in credentials(local.endpoint, *seed.place(documents)).items():
            print(f"{name}={value}")
        # An empty line says that this was all.
        print(flush=True)
        if arguments.until_eof:
            while sys.stdin.buffer.read(4096):
                pass
        else:
            print("localstack: up; Ctrl-C or `localstack/run down` ends it", file=sys.stderr)
            local.process.wait()
            raise Failure("LocalStack ended by itself")
    finally:
        local.stop()
    return 0


def seed_running(arguments: argparse.Namespace) -> int:
    phase("seed", lambda: plant(seed.load(folder_of(arguments.scenario)), endpoint()))
    return 0


def describe_running(arguments: argparse.Namespace) -> int:
    account, region = seed.place(seed.load(folder_of("three-tier")))
    account = os.environ.get("AWS_ACCESS_KEY_ID", account)
    region = os.environ.get("AWS_REGION", region)
    phase("describe", lambda: describe(arguments.folder, credentials(endpoint(), account, region)))
    return 0


def down(arguments: argparse.Namespace) -> int:
    """Stops one: several may run, and the others may be somebody else's."""
    wanted = arguments.endpoint or endpoint()
    for state in server.running():
        if state["endpoint"] == wanted:
            # The owner needs its time to stop its server.
            server.end(state["owner"], deadline=2 * server.STOP_DEADLINE)
            server.sweep()
            print(f"localstack: stopped {wanted}")
            return 0
    raise Failure(f"no LocalStack of ours runs at {wanted}")


# --- steps ----------------------------------------------------------------------------------


def phase(name: str, work: Callable):
    begun = time.monotonic()
    try:
        return work()
    finally:
        print(f"localstack: {name}: {time.monotonic() - begun:.1f} s", flush=True)


def plant(documents: dict[str, list], to: str) -> None:
    account, region = seed.place(documents)
    seeding = seed.Seeding(seed.client(to, account, region), documents)
    seeding.run()
    for line in seeding.left_out:
        print(f"localstack: not seeded: {line}", file=sys.stderr)


def record(binary: Path, to: Path, environment: dict[str, str]) -> None:
    region = environment["AWS_REGION"]
    command = [binary, "record", "aws", "--to", to, "--endpoint-url", environment["AWS_ENDPOINT_URL"]]
    with variables(environment):
        done = subprocess.run([*command, "--region", region], check=False)
    # 3 says that something was not read: LocalStack does not know every call.
    if done.returncode not in (0, 3):
        raise Failure(f"`cloudfw record` ended with {done.returncode}")


def ask(binary: Path, scenario: Path, recording: Path) -> list[dict]:
    """One answer for each query, in their order."""
    command = [binary, "reach", "--queries", scenario / "queries.txt", "--from", recording]
    command += ["--assume-none", "all", "-o", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    try:
        return [json.loads(line) for line in done.stdout.splitlines()]
    except ValueError as error:
        raise Failure(f"`cloudfw reach` ({done.returncode}) did not print JSON lines: {error}") from error


def report(scenario: Path, recorded: list[dict], live: list[dict]) -> bool:
    """Prints a line for each query; whether all three agree on all of them."""
    queries = [line.strip() for line in (scenario / "queries.txt").read_text().splitlines()]
    queries = [query for query in queries if query and not query.startswith("#")]
    expected = json.loads((scenario / "expected.json").read_text())
    if not len(queries) == len(recorded) == len(live):
        raise Failure(f"{len(queries)} queries, {len(recorded)} and {len(live)} answers")
    agree = True
    for query, left, right in zip(queries, recorded, live, strict=True):
        right_as_expected = verdict(left) == verdict(right) == expected.get(query)
        same = right_as_expected and failing(left) == failing(right)
        agree &= same
        print(f"  {'ok ' if same else 'BAD'}  {query:36}  {verdict(left)}", end="")
        if not same:
            print(f" {failing(left)}; LocalStack {verdict(right)} {failing(right)}", end="")
            print(f"; expected {expected.get(query, 'nothing: not in expected.json')}", end="")
        print()
    return agree


def compare_findings(binary: Path, scenario: Path, recording: Path) -> bool:
    """Whether an audit finds in LocalStack what it finds in the scenario, and what that says."""
    expected = json.loads((scenario / "findings.json").read_text())
    wanted = sorted(json.dumps(told_by_name(row), sort_keys=True) for row in expected["findings"])
    agree = True
    for name, folder in (("the recording", scenario), ("LocalStack", recording)):
        command = [binary, "audit", "--from", folder, "--assume-none", "all", "--severity", "info", "-o", "json"]
        for check in expected["checks"]:
            command += ["--check", check]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        try:
            findings = json.loads(done.stdout)["findings"]
        except ValueError as error:
            raise Failure(f"`cloudfw audit` ({done.returncode}) did not print JSON: {error}") from error
        found = sorted(json.dumps(told_by_name(row), sort_keys=True) for row in findings)
        agree &= found == wanted
        print(f"  {'ok ' if found == wanted else 'BAD'}  {len(found)} findings in {name}")
        for row in set(found) ^ set(wanted):
            print(f"       {'not expected' if row in found else 'missing'}: {row}")
    return agree


def told_by_name(row: dict) -> dict:
    """A finding without ids and addresses, which the emulator gives anew."""

    def name(resource) -> str:
        return resource if isinstance(resource, str) else resource.get("name") or resource["id"]

    effective = row["effective"]
    return {
        "subject": name(row["subject"]),
        "check": row["check"],
        "severity": row["severity"],
        "effective": effective if isinstance(effective, str) else effective["verdict"],
        "literal": row["literal"],
        "services": row["services"],
        "affected": sorted(name(resource) for resource in row.get("affected", [])),
    }


def verdict(answer: dict) -> str:
    return answer.get("verdict") or f"error: {answer.get('error', 'none of verdict and error')}"


def failing(answer: dict) -> list:
    """The shares of connections that fail, which hold whatever the addresses are."""
    replies = [part.get("reply") or {} for part in answer.get("answers", [])]
    return sorted(json.dumps(reply["failing"], sort_keys=True) for reply in replies if reply.get("failing"))


def keep(recording: Path) -> None:
    """The last recording stays, for those who want to look at it."""
    kept = server.WORK / "recording"
    shutil.rmtree(kept, ignore_errors=True)
    with contextlib.suppress(OSError):
        shutil.copytree(recording, kept)


def describe(folder: Path, environment: dict[str, str]) -> None:
    """Runs the AWS CLI in this process: a start of its own for each call would cost a second each."""
    with variables(environment):
        # Not at the top: the import sets a variable that the CLI finds its data by.
        import awscli.clidriver

        folder.mkdir(parents=True, exist_ok=True)
        driver = awscli.clidriver.create_clidriver()
        for call in CALLS:
            answer = call_cli(driver, ["ec2", call])
            if answer is None:
                print(f"localstack: {call}: not answered")
                continue
            (folder / f"{call}.json").write_text(answer)
            if call == "describe-managed-prefix-lists":
                describe_entries(driver, folder, json.loads(answer)["PrefixLists"])


def describe_entries(driver, folder: Path, prefix_lists: list[dict]) -> None:
    """The answer does not say which list it belongs to: it is put under the list's id."""
    for prefix_list in prefix_lists:
        name = prefix_list["PrefixListId"]
        answer = call_cli(driver, ["ec2", "get-managed-prefix-list-entries", "--prefix-list-id", name])
        if answer is not None:
            entries = {"PrefixListId": name, **json.loads(answer)}
            (folder / f"get-managed-prefix-list-entries.{name}.json").write_text(json.dumps(entries, indent=4))


def call_cli(driver, words: list[str]) -> str | None:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = driver.main([*words, "--output", "json"])
    return out.getvalue() if code == 0 else None


# --- surroundings ---------------------------------------------------------------------------


def folder_of(scenario: str) -> Path:
    for folder in (SCENARIOS / scenario, Path(scenario)):
        if folder.is_dir():
            return folder
    raise Failure(f"no scenario `{scenario}`: neither in testdata/aws nor a folder")


def cloudfw() -> Path:
    """`CLOUDFW_BIN`, else the debug build, else a build."""
    if given := os.environ.get("CLOUDFW_BIN"):
        if not Path(given).is_file():
            raise Failure(f"CLOUDFW_BIN is `{given}`, which is not there")
        return Path(given).absolute()
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute() / "debug" / "cloudfw"
    if not built.is_file():
        print("localstack: cargo build -p cloudfw", file=sys.stderr)
        if subprocess.run(["cargo", "build", "-p", "cloudfw"], cwd=ROOT, check=False).returncode != 0:
            raise Failure("`cargo build -p cloudfw` failed; CLOUDFW_BIN names a binary that is there")
    return built


def endpoint() -> str:
    """`AWS_ENDPOINT_URL`, else the only LocalStack that `up` has started."""
    if given := os.environ.get("AWS_ENDPOINT_URL"):
        return given
    endpoints = [state["endpoint"] for state in server.running()]
    if not endpoints:
        raise Failure("no LocalStack runs: start one with `localstack/run up`")
    if len(endpoints) > 1:
        raise Failure(f"several LocalStacks run: set AWS_ENDPOINT_URL to one of {', '.join(endpoints)}")
    return endpoints[0]


def credentials(to: str, account: str, region: str) -> dict[str, str]:
    """What an AWS tool needs to talk to LocalStack and to nobody else."""
    return {
        "AWS_ENDPOINT_URL": to,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }


@contextlib.contextmanager
def variables(values: dict[str, str]):
    """Sets these, and hides every other setting of AWS: a profile or a session token would win."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    sys.exit(main())
