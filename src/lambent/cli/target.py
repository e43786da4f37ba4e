"""Which Lambent a command speaks to, and the clients for it. Botocore is imported when a client is made."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from lambent.cli import output
from lambent.cli.errors import USAGE, CliError, no_server, not_lambent
from lambent.settings import load, user_name

ACCOUNT = "000000000000"
INVOKE_SECONDS = 910
"""How long an answer may take: the longest function (900 s) and its cold start."""

EndpointOption = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        metavar="URL",
        help="Where Lambent listens (default: $AWS_ENDPOINT_URL, the settings, or http://127.0.0.1:4566).",
    ),
]
RegionOption = Annotated[
    str | None,
    typer.Option("--region", metavar="REGION", help="AWS region (default: as boto3 finds it, or us-east-1)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, for scripts.")]


@cache
def session() -> Any:
    """One for all clients of a command: it keeps the services' models. Clients are made by one thread at a time."""
    import botocore.session

    return botocore.session.Session()


WAIT_AT_ONCE = {"Delay": 0.1, "MaxAttempts": 600}
"""How a waiter looks for changes of such a client."""


def at_once(client: Any) -> Any:
    """A client of Lambda whose changes are waited for: none need last as long as for those who may forget to."""

    def ask(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["x-lambent-state-delay"] = "0"

    client.meta.events.register("before-call.lambda", ask)
    return client


def _found_region() -> str:
    return session().get_config_variable("region") or "us-east-1"


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint and a region as given on the command line; None where nothing was."""

    given_endpoint: str | None = None
    given_region: str | None = None

    @property
    def endpoint(self) -> str:
        """The URL, without a slash at its end."""
        return clean_endpoint(self.given_endpoint or _default_endpoint(os.environ, Path.cwd()))

    @property
    def region(self) -> str:
        """The region given, or as boto3 finds it, or us-east-1."""
        return self.given_region or _found_region()

    def client(self, service: str, read_timeout: float = 60) -> Any:
        """A botocore client that never retries and never asks the network for credentials."""
        from botocore.config import Config

        endpoint = self.endpoint
        if not (self.given_endpoint or os.environ.get("AWS_ENDPOINT_URL")):
            self._tell_whose()
        config = Config(
            connect_timeout=3,
            read_timeout=read_timeout,
            retries={"total_max_attempts": 1, "mode": "standard"},
            proxies={} if is_loopback(endpoint) else None,
            use_fips_endpoint=False,
            use_dualstack_endpoint=False,
        )
        return session().create_client(
            service, region_name=self.region, endpoint_url=endpoint, config=config, **_credentials(os.environ)
        )

    def health(self) -> dict[str, Any]:
        """The server's own account of itself (`GET /_lambent/health`). Raises CliError."""
        health = self.page("GET", "health")
        if not isinstance(health, dict):
            raise CliError(not_lambent(self.endpoint))
        return health

    def _tell_whose(self) -> None:
        """Say whose server it is, where nobody chose it and it is not the one that would be started here."""
        try:
            health = self.health()
        except CliError:
            return
        for line in strange(health, user_name(), load({}, os.environ, Path.cwd()).data_dir):
            output.note(line)

    def findings(self) -> list[dict[str, str]]:
        """What the server found worth knowing (`GET /_lambent/findings`). Raises CliError."""
        said = self.page("GET", "findings")
        if not isinstance(said, dict):
            raise CliError(not_lambent(self.endpoint))
        found: list[dict[str, str]] = said.get("findings", [])
        return found

    def now(self) -> float:
        """Seconds since 1970 by the server's clock, which may have been moved; by this machine's if it doesn't say."""
        try:
            return float(self.page("GET", "clock")["seconds"])
        except (CliError, KeyError, TypeError):
            return time.time()

    def page(
        self,
        method: str,
        name: str,
        said: dict[str, Any] | None = None,
        headers: Mapping[str, str] = {},
        seconds: float = 5,
    ) -> Any:
        """What one of Lambent's own pages answers to a JSON document; None for an empty answer. Raises CliError.

        `seconds` is how long an answer may take.
        """
        import json

        with self._asked(method, name, said, headers, seconds) as answer:
            content = answer.read()
            return json.loads(content) if content else None

    def lines(self, method: str, name: str, said: dict[str, Any], headers: Mapping[str, str]) -> Iterator[Any]:
        """What a page of ours says line by line, each a JSON document, for as long as that takes. Raises CliError.

        Ends early when the server does.
        """
        import json
        from http.client import IncompleteRead

        with self._asked(method, name, said, headers, None) as answer, suppress(IncompleteRead):
            for line in answer:
                yield json.loads(line)

    def token(self, option: str) -> str:
        """What proves to the server that its own user asks, for `option`. Raises CliError."""
        if not is_loopback(self.endpoint):
            raise CliError(f"{option} needs the server on this machine, {self.endpoint} is another", USAGE)
        path = Path(self.health()["data_dir"]) / "token"
        try:
            return path.read_text()
        except OSError as error:
            raise CliError(f"{path}: {error.strerror}: {option} is for the user who runs the server") from None

    @contextmanager
    def _asked(
        self, method: str, name: str, said: dict[str, Any] | None, headers: Mapping[str, str], seconds: float | None
    ) -> Iterator[Any]:
        """The answer of a page of ours, to be read. Raises CliError, for what goes wrong with reading it as well."""
        import json
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import ProxyHandler, Request, build_opener

        url = self.endpoint
        # An empty ProxyHandler turns off the proxy of the environment.
        opener = build_opener(ProxyHandler({})) if is_loopback(url) else build_opener()
        body = None if said is None else json.dumps(said).encode()
        request = Request(f"{url}/_lambent/{name}", body, dict(headers), method=method)  # noqa: S310 (clean_endpoint takes http only)
        try:
            with opener.open(request, timeout=seconds) as answer:
                yield answer
        except HTTPError as error:
            raise CliError(_refusal(error.read()) or not_lambent(url)) from None
        except (ValueError, HTTPException):
            raise CliError(not_lambent(url)) from None
        except OSError:
            raise CliError(no_server(url)) from None


def _refusal(body: bytes) -> str:
    """What a page of ours says of a request that it refuses; empty when something else answered."""
    import json

    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return ""


def target_of(context: typer.Context, endpoint: str | None, region: str | None) -> Target:
    """The target: options after the command win over those before it."""
    given = context.obj if isinstance(context.obj, Target) else Target()
    return replace(
        given,
        given_endpoint=endpoint or given.given_endpoint,
        given_region=region or given.given_region,
    )


def strange(health: Mapping[str, Any], user: str, data_dir: Path) -> list[str]:
    """What is to be known of a server that answers where `user`'s on `data_dir` was expected."""
    theirs, folder = health.get("user", user), health.get("data_dir", str(data_dir))
    if theirs != user:
        return [f"note: this is {theirs}'s server, with its data in {folder}: start your own with another --port"]
    if folder != str(data_dir):
        return [f"note: this server has its data in {folder}, not in {data_dir}"]
    return []


def account_of(environ: Mapping[str, str]) -> str:
    """The account that requests are made in: an access key of 12 digits names it."""
    key = _credentials(environ).get("aws_access_key_id", "")
    return key if re.fullmatch(r"\d{12}", key) else ACCOUNT


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine, where no proxy has a say."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def clean_endpoint(text: str) -> str:
    """`127.0.0.1:4566/` -> `http://127.0.0.1:4566`. Raises CliError for what can't be a URL."""
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise CliError(f"{text!r} is not an endpoint: a URL such as http://127.0.0.1:4566 is needed", USAGE)
    return url.rstrip("/")


def _default_endpoint(environ: Mapping[str, str], folder: Path) -> str:
    given = environ.get("AWS_ENDPOINT_URL")
    if given:
        return given
    settings = load({}, environ, folder)
    return f"http://{settings.host_name}:{settings.port or 4566}"


def _credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """Keys of the environment or of a named profile; else the account's number: no secret is needed."""
    if environ.get("AWS_PROFILE"):
        return {}
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        return {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "lambent"}
    found = {"aws_access_key_id": key, "aws_secret_access_key": secret}
    token = environ.get("AWS_SESSION_TOKEN")
    return {**found, "aws_session_token": token} if token else found
