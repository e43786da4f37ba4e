"""One table of settings: what can be set, how it is written, and what it is when nobody sets it.

A value comes from, first that has one: a flag of `lambent up`, the environment (`LAMBENT_<NAME>`), a TOML
file (`lambent.toml` in the working folder, or the one named by `--config`), the default. Only the command
line and `server` read settings; everyone else is handed values.
"""

import difflib
import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = "lambent.toml"
ISOLATION = ("auto", "namespace", "process")
NETWORK = ("auto", "nat", "none")
PROFILES = ("aws-2026", "aws-2022")
CLOCKS = ("real", "manual")
FUNCTION_TIMES = ("machine", "platform")


class StartError(Exception):
    """Why the server can't start: one line that says what to do. `lambent up` prints it and exits 1."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one server runs with. `port` 0 is any free one; with `idle_seconds` 0 every start is cold."""

    host: str = "127.0.0.1"
    port: int = 4566
    data_dir: Path = Path(".lambent")
    isolation: str = "auto"
    network: str = "auto"
    profile: str = "aws-2026"
    concurrency: int = 1_000
    idle_seconds: int | str = "random"
    freeze_after_ms: int | str = 5
    seed: int | None = None
    clock: str = "real"
    time_scale: float = 1.0
    function_time: str = "machine"
    duplicate_rate: float = 0.0
    runtime_map: Mapping[str, str] = field(default_factory=dict)
    endpoints: Mapping[str, str] = field(default_factory=dict)
    file_systems: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. `read` turns a flag, a variable's text or a TOML value into the typed value.

    `read` also gets the folder that relative paths start from; it raises ValueError with what would be right.
    """

    name: str
    default: object
    help: str
    read: Callable[[Any, Path], object]

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"LAMBENT_{self.name.upper()}"


def _host(value: Any, _base: Path) -> str:
    host = str(value)
    if host == "localhost":
        return host
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(
            "only loopback (127.0.0.1, ::1, localhost) can be bound: "
            "any other address needs authorisation, which this version does not have"
        )
    return host


def _whole(low: int, high: int) -> Callable[[Any, Path], int]:
    def read(value: Any, _base: Path) -> int:
        text = str(value)
        if isinstance(value, bool) or not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high} is needed")
        return int(text)

    return read


def _idle(value: Any, base: Path) -> int | str:
    """Seconds, "never" (it is recycled) or "random" (5 to 15 minutes, as on AWS)."""
    if value in ("never", "random"):
        return str(value)
    try:
        return _whole(0, 86_400)(value, base)
    except ValueError:
        raise ValueError("a whole number from 0 to 86400, never or random is needed") from None


def _freeze(value: Any, base: Path) -> int | str:
    """Milliseconds, or "never"."""
    if value == "never":
        return str(value)
    try:
        return _whole(0, 60_000)(value, base)
    except ValueError:
        raise ValueError("a whole number from 0 to 60000 or never is needed") from None


def _seed(value: Any, base: Path) -> int | None:
    return None if value is None else _whole(0, 999_999_999)(value, base)


def _number(low: float, high: float) -> Callable[[Any, Path], float]:
    def read(value: Any, _base: Path) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if isinstance(value, bool) or not low <= number <= high:
            raise ValueError(f"a number from {low:g} to {high:g} is needed")
        return number

    return read


def _one_of(choices: tuple[str, ...]) -> Callable[[Any, Path], str]:
    def read(value: Any, _base: Path) -> str:
        if value not in choices:
            raise ValueError(f"one of {', '.join(choices)} is needed")
        return str(value)

    return read


def _folder(value: Any, base: Path) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError("a folder is needed")
    return (base / Path(value).expanduser()).absolute()


def _pairs(value: Any) -> dict[str, str]:
    """A TOML table, or the text `key=value,key=value` of a variable."""
    if isinstance(value, str):
        items = [item.partition("=")[::2] for item in value.split(",") if item.strip()]
        value = {key.strip(): text.strip() for key, text in items}
    if not isinstance(value, Mapping) or not all(isinstance(text, str) and text for text in value.values()):
        raise ValueError("a table of names and texts is needed (in a variable: name=text,name=text)")
    return {str(key): text for key, text in value.items()}


def _runtime_map(value: Any, _base: Path) -> dict[str, str]:
    pairs = _pairs(value)
    for runtime, version in pairs.items():
        python = re.fullmatch(r"python3\.\d+", runtime) and re.fullmatch(r"3\.\d+", version)
        node = re.fullmatch(r"nodejs\d+\.x", runtime) and re.fullmatch(r"\d+", version)
        if not python and not node:
            raise ValueError(f'{runtime} = {version}: as in "python3.14" = "3.13" or "nodejs24.x" = "22"')
    return pairs


def _endpoints(value: Any, _base: Path) -> dict[str, str]:
    pairs = _pairs(value)
    known = _services() if pairs else []
    for service, url in pairs.items():
        if service not in known:
            raise ValueError(f"no AWS service is called {service!r}{_meant(service, known)}")
        if not re.match(r"https?://[^/\s]+", url):
            raise ValueError(f"{service} = {url}: a URL is needed, as in http://127.0.0.1:9000")
    return pairs


def _file_systems(value: Any, base: Path) -> dict[str, Path]:
    pairs = _pairs(value)
    for arn in pairs:
        if not re.fullmatch(r"arn:[^:]+:(elasticfilesystem|s3files):[^:]+:\d{12}:\S*access-point/fsap-[0-9a-f]+", arn):
            raise ValueError(f"{arn}: the ARN of an access point is needed")
    return {arn: _folder(folder, base) for arn, folder in pairs.items()}


def _services() -> list[str]:
    import botocore.session

    names: list[str] = botocore.session.Session().get_available_services()
    return names


def _meant(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


SETTINGS = (
    Setting("host", "127.0.0.1", "Address to listen on; loopback only.", _host),
    Setting("port", 4566, "Port to listen on; 0 takes any free one.", _whole(0, 65_535)),
    Setting("data_dir", Path(".lambent"), "Folder of functions, code, objects and logs.", _folder),
    Setting("isolation", "auto", "How strongly functions are confined.", _one_of(ISOLATION)),
    Setting(
        "network", "auto", "Whether functions reach the internet; auto: where this machine allows it.", _one_of(NETWORK)
    ),
    Setting("profile", "aws-2026", "Whose limits hold: AWS's of that year.", _one_of(PROFILES)),
    Setting("concurrency", 1_000, "Concurrent executions of an account in a region.", _whole(1, 1_000_000)),
    Setting("idle_seconds", "random", "How long an idle environment is kept; 0: none is; never; random.", _idle),
    Setting("freeze_after_ms", 5, "Milliseconds after an invocation until nothing in it runs; never.", _freeze),
    Setting("seed", None, "Seed of what is random, to have a run again.", _seed),
    Setting(
        "clock", "real", "Whether time passes by itself or is moved by hand (lambent clock advance).", _one_of(CLOCKS)
    ),
    Setting(
        "time_scale", 1.0, "How fast time passes for all that waits; 60: an hour in a minute.", _number(0.01, 100_000)
    ),
    Setting(
        "function_time",
        "machine",
        "Whose time functions are told: the machine's, or the clock's.",
        _one_of(FUNCTION_TIMES),
    ),
    Setting(
        "duplicate_rate", 0.0, "Share of asynchronous events delivered twice, as at-least-once allows.", _number(0, 1)
    ),
    Setting("runtime_map", {}, "Runtimes to run on another interpreter.", _runtime_map),
    Setting("endpoints", {}, "Where another AWS service is, by its botocore name.", _endpoints),
    Setting("file_systems", {}, "Folders that stand for access points of file systems, by their ARN.", _file_systems),
)
"""Every setting; the names are the fields of `Settings`."""

_BY_NAME = {setting.name: setting for setting in SETTINGS}


def help_of(name: str) -> str:
    """The one-line help of a setting."""
    return _BY_NAME[name].help


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was given: where, what, and the folder that relative paths start from."""

    source: str
    raw: object
    base: Path


def load(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    folder: Path,
    config: Path | None = None,
) -> Settings:
    """Settle every setting. A flag that is None was not given; `folder` is the working folder.

    Relative paths start from `folder`, those in a file from the file's folder. Raises StartError.
    """
    path = config or folder / FILE
    written = _from_file(path, required=config is not None)
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        flag, variable = flags.get(setting.name), environ.get(setting.variable)
        if flag is not None:
            found = Given(f"--{setting.name.replace('_', '-')}", flag, folder)
        elif variable:
            found = Given(setting.variable, variable, folder)
        elif setting.name in written:
            found = Given(f"{path.name}: {setting.name}", written[setting.name], path.absolute().parent)
        else:
            found = Given(setting.name, setting.default, folder)
        values[setting.name] = _settle(setting, found)
    if values["clock"] == "manual" and values["time_scale"] != 1:
        raise StartError("time_scale: a clock that is moved by hand has no speed; leave one of the two out")
    return Settings(**values)


def _settle(setting: Setting, given: Given) -> object:
    try:
        return setting.read(given.raw, given.base)
    except ValueError as error:
        shown = "" if isinstance(given.raw, Mapping) else f" {given.raw}"
        raise StartError(f"{given.source}{shown}: {error}") from None


def _from_file(path: Path, *, required: bool) -> dict[str, object]:
    import tomllib

    try:
        written = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if required:
            raise StartError(f"{path}: there is no such file") from None
        return {}
    except OSError as error:
        raise StartError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise StartError(f"{path}: not TOML: {error}") from None
    for name in written:
        if name not in _BY_NAME:
            raise StartError(f"{path}: there is no setting {name!r}{_meant(name, list(_BY_NAME))}")
    return written
