"""One table of settings: what can be set, how it is written, and what it is when nobody sets it.

A value comes from, first that has one: a flag of `lambent up`, the environment (`LAMBENT_<NAME>`), a TOML
file (`lambent.toml` in the working folder, or the one named by `--config`), the default. Only the command
line and `server` read settings; everyone else is handed values.
"""

import difflib
import functools
import ipaddress
import math
import os
import pwd
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lambent import outward
from lambent.outward import NOTHING_MORE, Reach

FILE = "lambent.toml"
PREFIX = "LAMBENT_"
"""What the names of our environment variables begin with."""
ISOLATION = ("auto", "namespace", "process")
NETWORK = ("auto", "nat", "none")
PROFILES = ("aws-2026", "aws-2022")
CLOCKS = ("real", "manual")
FUNCTION_TIMES = ("machine", "platform")
TLS = ("off", "on")
WEB_TOKENS = ("refused", "unverified")
IAM = ("report", "enforce", "off")
HOST_PROGRAMS = ("hidden", "shown")
UNKNOWN_TYPES = ("fail", "skip")
TABLES = ("moto", "local")
OF_TABLES = frozenset({"dynamodb", "dynamodbstreams"})
ELSEWHERE = "default"
"""Of `endpoints`: the one that answers in moto's place."""
_SPANS, _FIGURES = "http://localhost:4318/v1/traces", "http://localhost:9090/api/v1/write"
STATE_DELAY = 0.5
"""Seconds for which a change lasts: an immediate call sees it, a waiter that looks every second waits no longer."""


class StartError(Exception):
    """Why the server can't start: one line that says what to do. `lambent up` prints it and exits 1."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one server runs with. `port` 0 is any free one; with `idle_seconds` 0 every start is cold."""

    host: str = "127.0.0.1"
    accounts: tuple[str, ...] = ("000000000000",)
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
    host_programs: str = "hidden"
    duplicate_rate: float = 0.0
    state_delay: float | str = "auto"
    unknown_types: str = "fail"
    runtime_map: Mapping[str, str] = field(default_factory=dict)
    endpoints: Mapping[str, str] = field(default_factory=dict)
    endpoint_ca: Path | None = None
    endpoint_access_key: str = ""
    endpoint_secret_key: str = ""
    dynamodb: str = "moto"
    dynamodb_jar: Path | None = None
    file_systems: Mapping[str, Path] = field(default_factory=dict)
    origins: tuple[str, ...] = ()
    host_names: tuple[str, ...] = ()
    image_folders: tuple[Path, ...] = ()
    reach: Reach = NOTHING_MORE
    tls: str = "off"
    tls_port: int = 4567
    iam: str = "report"
    web_tokens: str = "refused"
    service_control_policies: Path | None = None
    log_mb: int = 1_024
    otlp_traces: str = ""
    remote_write: str = ""
    trace_mb: int = 512
    database: str | None = None

    @property
    def is_reached(self) -> bool:
        """Whether other machines can reach the endpoint."""
        return not _is_loopback(self.host)

    @property
    def host_name(self) -> str:
        """How this machine's own clients call the endpoint, as it stands in a URL."""
        here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 (any address)
        return f"[{here}]" if ":" in here else here

    def elsewhere(self, service: str) -> bool:
        """Whether a service that Lambent does not answer itself is not at moto: at an endpoint, or DynamoDB Local."""
        if service in OF_TABLES and self.dynamodb == "local":
            return True
        return service in self.endpoints or ELSEWHERE in self.endpoints

    @property
    def change_seconds(self) -> float:
        """How long a function is Pending or InProgress, on the clock; auto: not at all when it is moved by hand."""
        if self.state_delay == "auto":
            return 0.0 if self.clock == "manual" else STATE_DELAY
        return float(self.state_delay)


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
        return f"{PREFIX}{self.name.upper()}"


def _host(value: Any, _base: Path) -> str:
    host = str(value)
    if host != "localhost":
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise ValueError("an address of this machine is needed, or localhost") from None
    return host


@functools.lru_cache(16)
def _is_loopback(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


def _accounts(value: Any, _base: Path) -> tuple[str, ...]:
    for account in _texts(value):
        if not re.fullmatch("[0-9]{12}", account):
            raise ValueError(f"{account}: an account's number is needed, twelve digits")
    return _texts(value)


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


def _delay(value: Any, base: Path) -> float | str:
    """Seconds, or "auto"."""
    if value == "auto":
        return str(value)
    try:
        return _number(0, 60)(value, base)
    except ValueError:
        raise ValueError("a number from 0 to 60 or auto is needed") from None


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
        if service not in known and service != ELSEWHERE:
            raise ValueError(f"no AWS service is called {service!r}{_meant(service, known)}")
        if re.match(r"https?://[^/\s]*@", url):
            raise ValueError(f"{service}: a URL without a name and password is needed; requests are signed instead")
        if not re.match(r"https?://[^/\s]+", url):
            hint = '; the setting dynamodb = "local" starts one' if (service, url) == ("dynamodb", "local") else ""
            raise ValueError(f"{service} = {url}: a URL is needed, as in http://127.0.0.1:9000{hint}")
    return pairs


def _file_systems(value: Any, base: Path) -> dict[str, Path]:
    pairs = _pairs(value)
    for arn in pairs:
        if not re.fullmatch(r"arn:[^:]+:(elasticfilesystem|s3files):[^:]+:\d{12}:\S*access-point/fsap-[0-9a-f]+", arn):
            raise ValueError(f"{arn}: the ARN of an access point is needed")
    return {arn: _folder(folder, base) for arn, folder in pairs.items()}


def _texts(value: Any) -> tuple[str, ...]:
    """A TOML array, or the text `one,other` of a variable or a flag."""
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",") if item.strip()]
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
        raise ValueError("a list of texts is needed (in a variable: one,other)")
    return tuple(value)


def _origins(value: Any, _base: Path) -> tuple[str, ...]:
    for origin in _texts(value):
        if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/\s*]+", origin):
            raise ValueError(f"{origin}: the origin of a page is needed, as in http://localhost:3000")
    return _texts(value)


def _host_names(value: Any, _base: Path) -> tuple[str, ...]:
    for name in _texts(value):
        if not re.fullmatch(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", name):
            raise ValueError(f"{name}: a host name without a port is needed, as in lambent.test or *.lambent.test")
    return _texts(value)


def _folders(value: Any, base: Path) -> tuple[Path, ...]:
    return tuple(_folder(text, base) for text in _texts(value))


def _file(value: Any, base: Path) -> Path | None:
    return _folder(value, base) if value else None


def _database(value: Any, _base: Path) -> str | None:
    """An SQLAlchemy URL with the driver that the extra `postgresql` brings."""
    if value is None:
        return None
    found = re.fullmatch(r"(postgres(?:ql)?)(?:\+psycopg)?(://\S*/[^/\s?]+(?:\?\S*)?)", str(value))
    if not found or not _has_place(f"postgresql{found[2]}"):
        raise ValueError("a PostgreSQL is needed, as in postgresql://user@localhost:5432/lambent")
    return f"postgresql+psycopg{found[2]}"


def _has_place(url: str) -> bool:
    """Whether a URL's host and port are such, whatever its password has in it."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _text(value: Any, _base: Path) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is needed")
    return value


def _taker(example: str) -> Callable[[Any, Path], str]:
    """A URL that is posted to, or "" for none."""

    def read(value: Any, base: Path) -> str:
        text = _text(value, base)
        if text and not re.fullmatch(r"https?://[^/\s]+/\S*", text):
            raise ValueError(f"a URL is needed, as in {example}")
        return text

    return read


def _reach(value: Any, _base: Path) -> Reach:
    return outward.read(_texts(value))


def _services() -> list[str]:
    import botocore.session

    names: list[str] = botocore.session.Session().get_available_services()
    return names


def _meant(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


SETTINGS = (
    Setting("host", "127.0.0.1", "Address to listen on; one that others reach takes iam = enforce.", _host),
    Setting("accounts", ("000000000000",), "Accounts that get a key of their own where others reach us.", _accounts),
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
        "host_programs",
        "hidden",
        "Whether functions find programs of this machine that AWS's environments have not.",
        _one_of(HOST_PROGRAMS),
    ),
    Setting(
        "duplicate_rate", 0.0, "Share of asynchronous events delivered twice, as at-least-once allows.", _number(0, 1)
    ),
    Setting(
        "state_delay",
        "auto",
        "Seconds for which a function is Pending, an update InProgress; auto: 0.5, 0 with a manual clock.",
        _delay,
    ),
    Setting(
        "unknown_types",
        "fail",
        "Whether a stack fails at a resource or property that is not made here, or passes over it (skip).",
        _one_of(UNKNOWN_TYPES),
    ),
    Setting("runtime_map", {}, "Runtimes to run on another interpreter.", _runtime_map),
    Setting(
        "endpoints",
        {},
        "Where another AWS service is, by its botocore name; default: all that moto would answer.",
        _endpoints,
    ),
    Setting("endpoint_ca", None, "A file with the authorities that vouch for endpoints with https.", _file),
    Setting("endpoint_access_key", "", "What requests to endpoints are signed with; else as they came.", _text),
    Setting("endpoint_secret_key", "", "The secret that goes with it.", _text),
    Setting(
        "dynamodb", "moto", "What answers DynamoDB: moto, or local (DynamoDB Local, started here).", _one_of(TABLES)
    ),
    Setting(
        "dynamodb_jar", None, "DynamoDBLocal.jar, or its folder; else an npm package in the working folder.", _file
    ),
    Setting("file_systems", {}, "Folders that stand for access points of file systems, by their ARN.", _file_systems),
    Setting("origins", (), "Pages that may ask from a browser, as http://localhost:3000; else none may.", _origins),
    Setting("host_names", (), "Names by which clients reach this endpoint besides localhost and AWS's.", _host_names),
    Setting("image_folders", (), "Folders that container images may be taken from (oci:, docker-archive:).", _folders),
    Setting(
        "reach",
        (),
        "Addresses of this machine and its networks that requests may name: 127.0.0.1:5000, 10.0.0.0/8.",
        _reach,
    ),
    Setting("tls", "off", "Whether the endpoint speaks HTTPS as well, on tls_port.", _one_of(TLS)),
    Setting("tls_port", 4567, "Port of HTTPS; 0 takes any free one.", _whole(0, 65_535)),
    Setting(
        "iam", "report", "What follows when AWS would deny a request: a finding, the denial, nothing.", _one_of(IAM)
    ),
    Setting(
        "web_tokens",
        "refused",
        "Whether web identities' tokens count whose signature nobody checks.",
        _one_of(WEB_TOKENS),
    ),
    Setting(
        "service_control_policies",
        None,
        "A JSON file with what an organisation lets its accounts do at most.",
        _file,
    ),
    Setting("log_mb", 1_024, "How much of each log group is kept, in MB; the oldest goes.", _whole(1, 1_000_000)),
    Setting("otlp_traces", "", f"Where segments are sent as spans: {_SPANS}.", _taker(_SPANS)),
    Setting("remote_write", "", f"Where Prometheus' figures are sent: {_FIGURES}.", _taker(_FIGURES)),
    Setting("trace_mb", 512, "How much of all traces is kept, in MB; the oldest go.", _whole(1, 1_000_000)),
    Setting("database", None, "A PostgreSQL for the state, as postgresql://host/name; else a file.", _database),
)
"""Every setting; the names are the fields of `Settings`."""

_BY_NAME = {setting.name: setting for setting in SETTINGS}


def cache_dir(environ: Mapping[str, str]) -> Path:
    """Where runtime clients are kept, for all data folders of the user (XDG Base Directory)."""
    base = environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lambent"


def user_name() -> str:
    """Who this process runs as; the number where the machine knows no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


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
    if values["dynamodb"] == "local" and OF_TABLES & values["endpoints"].keys():
        raise StartError("dynamodb: it is local, or in endpoints; leave one of the two out")
    if values["clock"] == "manual" and values["time_scale"] != 1:
        raise StartError("time_scale: a clock that is moved by hand has no speed; leave one of the two out")
    settings = Settings(**values)
    if settings.is_reached and settings.iam != "enforce":
        raise StartError(
            f"host {settings.host}: other machines reach this address, so that permissions have to be enforced and "
            "requests signed: add --iam enforce, or listen on 127.0.0.1"
        )
    return settings


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """A line for each `LAMBENT_…` variable that sets nothing. Told, not refused: the environment is not ours alone."""
    known = {setting.name.upper(): setting.variable for setting in SETTINGS}
    strange = sorted(name for name in environ if name.startswith(PREFIX) and name not in known.values())
    lines = []
    for name in strange:
        close = difflib.get_close_matches(name.removeprefix(PREFIX), list(known), n=1)
        meant = f" (did you mean {known[close[0]]}?)" if close else ""
        lines.append(f"{name} sets nothing: there is no such setting{meant}")
    return lines


def _settle(setting: Setting, given: Given) -> object:
    try:
        return setting.read(given.raw, given.base)
    except ValueError as error:
        shown = "" if isinstance(given.raw, Mapping) else f" {_without_password(str(given.raw))}"
        raise StartError(f"{given.source}{shown}: {error}") from None


def _without_password(text: str) -> str:
    return re.sub(r"(://[^:/@\s]*):.*@", r"\1:…@", text)


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
