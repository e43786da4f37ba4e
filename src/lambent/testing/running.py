"""A server in a process of its own, for tests."""

import itertools
import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

READY_SECONDS = 60.0
STOP_SECONDS = 15.0
ACCOUNT, FIRST_ACCOUNT = "000000000000", 100_000_000_000
DRAIN_SECONDS = 0.02
_READY = re.compile(r"ready at (http://\S+)")


class Lambent:
    """`lambent up` on a free port; `options` are those of the command. Use it in a `with`.

    Its clock stands still unless `options` say otherwise: `advance` moves it.
    """

    def __init__(self, data_dir: Path, *options: str) -> None:
        own = () if any(option.startswith(("--clock", "--time-scale")) for option in options) else ("--clock", "manual")
        self._command = [sys.executable, "-m", "lambent.cli.main", "up", "--port", "0", "--data-dir", str(data_dir)]
        self._command += [*own, *options]
        self.endpoint_url = ""
        self.account = ACCOUNT
        """The account of the clients that are made from now on."""
        self._accounts = itertools.count(FIRST_ACCOUNT)

    def __enter__(self) -> "Lambent":
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said: queue.Queue[str] = queue.Queue()
        assert self._process.stdout is not None
        threading.Thread(target=_read, args=(self._process.stdout, said), daemon=True).start()
        lines: list[str] = []
        try:
            while not (found := _READY.search(lines[-1] if lines else "")):
                lines.append(said.get(timeout=READY_SECONDS))
                if lines[-1] == "":
                    raise RuntimeError(f"Lambent did not start: {''.join(lines)}")
        except queue.Empty:
            self._process.kill()
            raise RuntimeError(f"Lambent did not start in {READY_SECONDS:.0f} s: {''.join(lines)}") from None
        self.endpoint_url = found[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which any AWS SDK finds it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "lambent",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client for it; keywords are those of `boto3.client`."""
        import boto3

        known = self.environment
        defaults = {
            "endpoint_url": self.endpoint_url,
            "region_name": known["AWS_DEFAULT_REGION"],
            "aws_access_key_id": known["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": known["AWS_SECRET_ACCESS_KEY"],
        }
        return boto3.client(service, **(defaults | options))

    def advance(self, by: float | str) -> dict[str, Any]:
        """Move the clock by seconds, or as in "6h": everything that falls due on the way happens, in order."""
        moved: dict[str, Any] = self.page("clock", {"advance": by})
        return moved

    def reset(self) -> str:
        """Go on as an account in which there is nothing, in any service; answers its number. Clients that were made
        before stay in theirs."""
        self.account = str(next(self._accounts))
        return self.account

    def drain(self, source: str, seconds: float = 30.0) -> None:
        """Wait until the account's mappings of a queue or stream have nothing left to do: nothing to read or running.

        `source` is its ARN, its name or its URL. What waits for the clock (a retry of a stream's batch, a message that
        is invisible) needs `advance`. Raises LookupError when no mapping reads it, TimeoutError after real seconds.
        """
        name = source.rstrip("/").rpartition("/")[2].rpartition(":")[2]
        deadline = time.monotonic() + seconds
        while not all(_is_drained(one) for one in self._mappings(source, name)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{source} still has work for its functions after {seconds:.0f} s")
            time.sleep(DRAIN_SECONDS)

    def _mappings(self, source: str, name: str) -> list[dict[str, Any]]:
        every = self.page("mappings")["mappings"]
        found = [one for one in every if one["Account"] == self.account and _is_of(one, name)]
        if not found:
            raise LookupError(f"no event source mapping of account {self.account} reads {source}")
        return found

    def recycle(self) -> int:
        """End every execution environment: the next invocations start cold. Answers how many there were."""
        return int(self.page("recycle", {}, post=True)["environments"])

    def findings(self) -> list[dict[str, str]]:
        """What the server found worth knowing, such as settings that have no effect."""
        found: list[dict[str, str]] = self.page("findings")["findings"]
        return found

    def torture(self, function: str, event: Any, *options: str, runs: int = 200, seed: int = 0) -> dict[str, Any]:
        """Run a function of the account under what AWS does sooner or later (docs/torture.md), with further options
        of the command (`--sync`, `--only`). Raises AssertionError with the report when something broke, RuntimeError
        when it can't be tried; answers the report: trials, seconds, broken (what no code can help), missed."""
        command = [sys.executable, "-m", "lambent.cli.main", "torture", function, "--event", "-", "--json"]
        done = subprocess.run(
            [*command, "--runs", str(runs), "--seed", str(seed), *options], input=json.dumps(event),
            text=True, capture_output=True, check=False, env=_without_aws() | self.environment,
        )  # fmt: skip
        try:
            said: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise RuntimeError(done.stderr.strip() or done.stdout) from None
        broken = [one for one in said["broken"] if not one["remains"]]
        if broken:
            raise AssertionError("\n".join(_told(one) for one in broken))
        return said

    def page(self, name: str, said: dict[str, Any] | None = None, *, post: bool = False) -> Any:
        """What one of the server's own pages answers. Raises RuntimeError with its words when it refuses."""
        body = json.dumps(said).encode() if said else None
        request = Request(f"{self.endpoint_url}/_lambent/{name}", body, method="POST" if body or post else "GET")  # noqa: S310
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=120) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise RuntimeError(error.read().decode("utf-8", "replace")) from None


def _without_aws() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def _told(broken: dict[str, Any]) -> str:
    """A trial that broke something."""
    where = f" ({', '.join(broken['code_places'])})" if broken["code_places"] else ""
    return f"{broken['code']} {broken['trial']}: {broken['about']}: {broken['message']}{where}: {broken['mend']}"


def _is_of(mapping: dict[str, Any], name: str) -> bool:
    """Whether its source has that name, or is a stream of the table of that name."""
    return name in re.split("[:/]", str(mapping.get("EventSourceArn", "")))


def _is_drained(mapping: dict[str, Any]) -> bool:
    """What is about to be read (Creating, or Enabled without a reader yet) has everything before it."""
    if mapping["State"] == "Disabled":
        return not mapping.get("InFlight")
    read = mapping["State"] == "Enabled" and "LastResult" in mapping
    return read and not mapping.get("InFlight") and not mapping.get("Behind") and mapping.get("CaughtUp", True)


def _read(stream: IO[str], said: "queue.Queue[str]") -> None:
    """Every line, then an empty one. It goes on to the end, or the server would stand still on a full pipe."""
    for line in stream:
        said.put(line)
    said.put("")
