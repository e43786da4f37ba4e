"""AWS's runtime identifiers as data: operating system, and the dates from which AWS supports, refuses to
create and refuses to update them; and which of them are run here.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, as of `AS_OF`.
"""

import re
from dataclasses import dataclass
from datetime import date

from lambent.model.constraints import violation

AS_OF = date(2026, 4, 1)
"""The page's dates are forecasts; they were read on this day or shortly before."""

AL1 = "Amazon Linux"
AL2 = "Amazon Linux 2"
AL2023 = "Amazon Linux 2023"


@dataclass(frozen=True, slots=True)
class Runtime:
    """One runtime identifier. A date that is None is not scheduled."""

    identifier: str
    os: str
    deprecation: date | None
    block_create: date | None
    block_update: date | None

    def creatable(self, today: date) -> bool:
        """Whether AWS lets a function be created with it on `today`."""
        return self.block_create is None or today < self.block_create

    @property
    def python(self) -> str | None:
        """The Python version ("3.12") of a Python runtime, else None."""
        match = re.fullmatch(r"python(\d+\.\d+)", self.identifier)
        return match[1] if match else None

    @property
    def family(self) -> str:
        """The name without its version: "python", "nodejs", "provided", "java", …"""
        match = re.match(r"[a-z]+", self.identifier)
        assert match is not None
        return match[0]

    @property
    def runs_here(self) -> bool:
        """Whether Lambent runs it, given that the host has the interpreter."""
        return self.identifier in RUN_HERE


class RuntimeUnsupported(Exception):
    """The runtime identifier is unknown, or known and not run here."""

    def __init__(self, identifier: str) -> None:
        known = "AWS has it, Lambent does not run it" if identifier in RUNTIMES else "AWS has no such runtime"
        hint = "use a container image or provided.al2023" if identifier in RUNTIMES else ""
        here = f"run here: {', '.join(RUN_HERE)}"
        super().__init__(f"runtime {identifier!r}: {'; '.join(part for part in (known, hint, here) if part)}")
        self.identifier = identifier


def refusal(identifier: str, today: date) -> str:
    """Why AWS creates no function of the runtime on `today`, in AWS's words as recorded; empty when it does.

    Dates after `AS_OF` are forecasts, which AWS has postponed again and again: they are not acted on.
    """
    runtime = RUNTIMES.get(identifier)
    if identifier not in OFFERED and (runtime is None or runtime.block_create is None):
        offered = f"[{', '.join(OFFERED)}] or be a valid ARN"
        return violation(f"Value {identifier}", "runtime", f"Member must satisfy enum value set: {offered}")
    if runtime is None or runtime.creatable(min(today, AS_OF)):
        return ""
    return (
        f"The runtime parameter of {identifier} is no longer supported for creating or updating AWS Lambda functions. "
        "We recommend you use a supported runtime while creating or updating functions."
    )


def lookup(identifier: str) -> Runtime:
    """The runtime of that name if it is run here. Raises RuntimeUnsupported."""
    runtime = RUNTIMES.get(identifier)
    if runtime is None or not runtime.runs_here:
        raise RuntimeUnsupported(identifier)
    return runtime


def _day(text: str) -> date | None:
    return None if text == "-" else date.fromisoformat(text)


# The first six are in AWS's model and not yet in the page's table, which announces Python 3.15 and Node.js 26 for
# November 2026: their dates follow AWS's policy, from the end of the language's support or of the system's
# (30 June 2029).
_ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    ("nodejs26.x", AL2023, "2029-04-30", "2029-06-01", "2029-07-01"),
    ("python3.15", AL2023, "2029-06-30", "2029-07-31", "2029-08-31"),
    ("ruby4.0", AL2023, "2029-03-31", "2029-04-30", "2029-05-31"),
    ("java17.al2023", AL2023, "2029-06-30", "2029-07-31", "2029-08-31"),
    ("java11.al2023", AL2023, "2029-06-30", "2029-07-31", "2029-08-31"),
    ("java8.al2023", AL2023, "2029-06-30", "2029-07-31", "2029-08-31"),
    ("nodejs24.x", AL2023, "2028-04-30", "2028-06-01", "2028-07-01"),
    ("nodejs22.x", AL2023, "2027-04-30", "2027-06-01", "2027-07-01"),
    ("nodejs20.x", AL2023, "2026-04-30", "2026-08-31", "2026-09-30"),
    ("python3.14", AL2023, "2029-06-30", "2029-07-31", "2029-08-31"),
    ("python3.13", AL2023, "2029-06-30", "2029-07-31", "2029-08-31"),
    ("python3.12", AL2023, "2028-10-31", "2028-11-30", "2029-01-10"),
    ("python3.11", AL2, "2027-06-30", "2027-07-31", "2027-08-31"),
    ("python3.10", AL2, "2026-10-31", "2026-11-30", "2027-01-15"),
    ("java25", AL2023, "2029-06-30", "2029-07-31", "2029-08-31"),
    ("java21", AL2023, "2029-06-30", "2029-07-31", "2029-08-31"),
    ("java17", AL2, "2027-06-30", "2027-07-31", "2027-08-31"),
    ("java11", AL2, "2027-06-30", "2027-07-31", "2027-08-31"),
    ("java8.al2", AL2, "2027-06-30", "2027-07-31", "2027-08-31"),
    ("dotnet10", AL2023, "2028-11-14", "2028-12-14", "2029-01-15"),
    ("dotnet9", AL2023, "2026-11-10", "-", "-"),
    ("dotnet8", AL2023, "2026-11-10", "2026-12-10", "2027-01-11"),
    ("ruby3.4", AL2023, "2028-03-31", "2028-04-30", "2028-05-31"),
    ("ruby3.3", AL2023, "2027-03-31", "2027-04-30", "2027-05-31"),
    ("ruby3.2", AL2, "2026-03-31", "2026-08-31", "2026-09-30"),
    ("provided.al2023", AL2023, "2029-06-30", "2029-07-31", "2029-08-31"),
    ("provided.al2", AL2, "2026-07-31", "2026-08-31", "2026-09-30"),
    ("python3.9", AL2, "2025-12-15", "2026-08-31", "2026-09-30"),
    ("nodejs18.x", AL2, "2025-09-01", "2026-08-31", "2026-09-30"),
    ("dotnet6", AL2, "2024-12-20", "2026-08-31", "2026-09-30"),
    ("python3.8", AL2, "2024-10-14", "2026-08-31", "2026-09-30"),
    ("nodejs16.x", AL2, "2024-06-12", "2026-08-31", "2026-09-30"),
    ("dotnet7", AL2, "2024-05-14", "-", "-"),
    ("java8", AL1, "2024-01-08", "2024-02-08", "2026-09-30"),
    ("go1.x", AL1, "2024-01-08", "2024-02-08", "2026-09-30"),
    ("provided", AL1, "2024-01-08", "2024-02-08", "2026-09-30"),
    ("ruby2.7", AL2, "2023-12-07", "2024-01-09", "2026-09-30"),
    ("nodejs14.x", AL2, "2023-12-04", "2024-01-09", "2026-09-30"),
    ("python3.7", AL1, "2023-12-04", "2024-01-09", "2026-09-30"),
    ("dotnetcore3.1", AL2, "2023-04-03", "2023-04-03", "2023-05-03"),
    ("nodejs12.x", AL2, "2023-03-31", "2023-03-31", "2023-04-30"),
    ("python3.6", AL1, "2022-07-18", "2022-07-18", "2022-08-29"),
    ("dotnet5.0", AL2, "2022-05-10", "-", "-"),
    ("dotnetcore2.1", AL1, "2022-01-05", "2022-01-05", "2022-04-13"),
    ("nodejs10.x", AL2, "2021-07-30", "2021-07-30", "2022-02-14"),
    ("ruby2.5", AL1, "2021-07-30", "2021-07-30", "2022-03-31"),
    ("python2.7", AL1, "2021-07-15", "2021-07-15", "2022-05-30"),
    ("nodejs8.10", AL1, "2020-03-06", "2020-02-04", "2020-03-06"),
    ("nodejs4.3", AL1, "2020-03-05", "2020-02-03", "2020-03-05"),
    ("nodejs4.3-edge", AL1, "2020-03-05", "2019-03-31", "2019-04-30"),
    ("nodejs6.10", AL1, "2019-08-12", "2019-07-12", "2019-08-12"),
    ("dotnetcore1.0", AL1, "2019-06-27", "2019-06-30", "2019-07-30"),
    ("dotnetcore2.0", AL1, "2019-05-30", "2019-04-30", "2019-05-30"),
    ("nodejs", AL1, "2016-08-30", "2016-09-30", "2016-10-31"),
)

RUNTIMES: dict[str, Runtime] = {
    name: Runtime(name, os, _day(gone), _day(create), _day(update)) for name, os, gone, create, update in _ROWS
}

OFFERED = (
    "nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x", "nodejs22.x", "java25",
    "python3.10", "python3.11", "java21", "ruby3.3", "ruby3.4", "ruby3.2", "python3.8", "python3.9", "java17",
    "nodejs16.x", "dotnet10", "dotnet8", "java11", "dotnet6", "nodejs18.x", "provided.al2", "java8.al2",
)  # fmt: skip
"""What AWS names when a runtime is unknown, in its order (recorded)."""

RUN_HERE: tuple[str, ...] = (
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "python3.15",
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "nodejs26.x",
    "provided.al2",
    "provided.al2023",
)
