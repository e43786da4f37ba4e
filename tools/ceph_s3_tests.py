"""Runs Ceph's cases for S3 against a server of its own and compares with what is known of them.

`git clone https://github.com/ceph/s3-tests`, install its requirements.txt into an environment, then
`python -m tools.ceph_s3_tests FOLDER PYTHON` (`--write` writes the data file anew, keeping the reasons).
Nothing of Ceph's is part of Lambent. The data file names the cases that pass, and those that are left out with
the reason. The exit status is 1 if a case that passed fails.

Buckets are made as AWS made them before April 2023, which the cases expect: ACLs count and nothing public is blocked.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lambent.services.s3.listing import canonical_id

DATA = Path("tests/e2e/s3/ceph_s3_tests.json")
FILES = ("s3tests/functional/test_s3.py", "s3tests/functional/test_headers.py")
SECTIONS = {"s3 main": 1, "s3 alt": 2, "s3 tenant": 3, "iam": 4, "iam root": 1, "iam alt root": 5}
"""Which account (of twelve such digits) each of Ceph's users is."""
PLUGIN = """
import botocore.client
plain = botocore.client.BaseClient._make_api_call
def call(self, name, params):
    if name != "CreateBucket":
        return plain(self, name, params)
    made = plain(self, name, {"ObjectOwnership": "ObjectWriter", **params})
    try:
        plain(self, "DeletePublicAccessBlock", {"Bucket": params["Bucket"]})
    except Exception:
        pass
    return made
botocore.client.BaseClient._make_api_call = call
"""
UNKNOWN = "not looked into yet"


def main() -> int:
    """Run, compare, tell."""
    words = [word for word in sys.argv[1:] if word != "--write"]
    if len(words) != 2:
        print(__doc__)
        return 2
    known = json.loads(DATA.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as made, serving(Path(made)) as port:
        passed, failed = run(Path(words[0]).absolute(), words[1], Path(made), port, known["marks"])
    if "--write" in sys.argv:
        DATA.write_text(json.dumps(written(known, passed, failed), indent=1) + "\n", "utf-8")
    return tell(known, passed, failed)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server with a new data folder; its port."""
    words = [sys.executable, "-m", "lambent.cli.main", "up", "--port", "0", "--data-dir", str(folder / "data")]
    quiet = {**os.environ, "LAMBENT_NETWORK": "none"}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=quiet)
    assert process.stdout is not None
    try:
        ready = next(found for line in process.stdout if (found := re.search(r"ready at http://\S+:(\d+)", line)))
        yield ready[1]
    finally:
        process.terminate()
        process.wait()


def configuration(port: str) -> str:
    """What Ceph's tests read."""
    text = f"[DEFAULT]\nhost = localhost\nport = {port}\nis_secure = False\nssl_verify = False\n"
    text += "[fixtures]\nbucket prefix = ceph-{random}-\n"
    for name, digit in SECTIONS.items():
        account = str(digit) * 12
        text += f"[{name}]\ndisplay_name = {name}\nuser_id = {canonical_id(account)}\nemail = a@example.com\n"
        text += f"access_key = {account}\nsecret_key = lambent\ntenant = testx\napi_name = us-east-1\n"
    return text


def run(folder: Path, python: str, made: Path, port: str, marks: dict[str, str]) -> tuple[set[str], set[str]]:
    """The names of the cases that passed, and of those that did not."""
    (made / "s3.conf").write_text(configuration(port), "utf-8")
    (made / "as_before_2023.py").write_text(PLUGIN, "utf-8")
    chosen = " and ".join(f"not {mark}" for mark in marks)
    report = made / "report.xml"
    words = [
        python,
        "-m",
        "pytest",
        *FILES,
        "-q",
        "-p",
        "as_before_2023",
        "-m",
        chosen,
        "--tb=no",
        f"--junitxml={report}",
    ]
    own = {**os.environ, "S3TEST_CONF": str(made / "s3.conf"), "PYTHONPATH": str(made)}
    subprocess.run(words, cwd=folder, env=own, check=False)
    return outcomes(report)


def outcomes(report: Path) -> tuple[set[str], set[str]]:
    """What a report of pytest's in JUnit's form says."""
    passed: set[str] = set()
    failed: set[str] = set()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314  # our own
        bad = any(child.tag in ("failure", "error", "skipped") for child in case)
        (failed if bad else passed).add(str(case.get("name")))
    return passed - failed, failed


def written(known: dict[str, Any], passed: set[str], failed: set[str]) -> dict[str, Any]:
    """The data file, with the reasons that were known."""
    reasons = {name: why for why, names in known["left_out"].items() for name in names}
    left: dict[str, list[str]] = {}
    for name in sorted(failed):
        left.setdefault(reasons.get(name, UNKNOWN), []).append(name)
    return {**known, "left_out": dict(sorted(left.items())), "passed": sorted(passed)}


def tell(known: dict[str, Any], passed: set[str], failed: set[str]) -> int:
    """What differs from what is known."""
    lost = sorted(failed & set(known["passed"]))
    left = {name for names in known["left_out"].values() for name in names}
    print(f"{len(passed)} passed, {len(failed)} did not; {len(passed & left)} of those left out pass")
    for name in lost:
        print(f"passed before: {name}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
