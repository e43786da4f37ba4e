"""Which service a request is for, and whose it is, from the request alone.

The credential scope says most: it names the signing service. Several services may sign with one name; the
target header, the query protocol's Version, and at last the paths of their models tell them apart.
"""

import gzip
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from botocore.exceptions import UnknownServiceError

from lambent.wire import service as services
from lambent.wire.http import Request
from lambent.wire.query import form_of

SCOPE = re.compile(r"Credential=([^,\s]+)")
VERSION_2 = re.compile(r"\s*AWS\s+([^:\s]+):")
"""https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html: names nothing but the key."""
FORM = "application/x-www-form-urlencoded"
MOST_TO_LOOK_AT = 1 << 20
"""Bytes of a form that is read to find out which service it is for, as its signature does not say."""
SMITHY_PATH = re.compile(r"/service/([^/]+)/operation/[^/]+")


@dataclass(frozen=True, slots=True)
class Credential:
    """A SigV4 credential scope. `service` is the signing name, `date` is YYYYMMDD, `region` "" when not
    given."""

    access_key: str
    date: str
    region: str
    service: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What tells one service from another on the wire."""

    name: str
    protocols: tuple[str, ...]
    signing_name: str
    target_prefix: str | None
    version: str
    service_id: str


def credential_of(request: Request) -> Credential | None:
    """The credential scope of a signed or presigned request, or None."""
    found = SCOPE.search(request.headers.get("authorization", ""))
    if found is not None:
        return _scope(found[1])
    found = VERSION_2.match(request.headers.get("authorization", ""))
    if found is not None:
        return Credential(found[1], "", "", "")
    if "X-Amz-Credential" in request.query:
        return _scope(parse_qs(request.query).get("X-Amz-Credential", [""])[0])
    if "AWSAccessKeyId" in request.query:  # a link presigned with Signature Version 2 names nothing but the key
        return Credential(parse_qs(request.query).get("AWSAccessKeyId", [""])[0], "", "", "")
    return None


def service_of(request: Request) -> str | None:
    """botocore's name of the service that `request` is for, or None when nothing in it says so."""
    credential = credential_of(request)
    entries = index()
    if credential is not None and credential.service:
        signers = by_signing_name().get(credential.service, ())
        if len(signers) == 1:
            return signers[0].name
        if signers:
            return _among(signers, request, credential.service)
    return _unsigned(entries, request)


@cache
def index() -> tuple[Entry, ...]:
    """Every service that the installed botocore knows. The first call reads the head of each model (about
    0.1 s)."""
    folders = sorted(path for path in Path(services.BUILTIN_MODELS).iterdir() if path.is_dir())
    return tuple(entry for folder in folders if (entry := _entry(folder)) is not None)


def knows(name: str) -> bool:
    """Whether the installed botocore has a service of that name."""
    return any(entry.name == name for entry in index())


@cache
def by_signing_name() -> dict[str, tuple[Entry, ...]]:
    """The services that sign with each name."""
    names: dict[str, tuple[Entry, ...]] = {}
    for entry in index():
        names[entry.signing_name] = (*names.get(entry.signing_name, ()), entry)
    return names


@lru_cache(maxsize=64)
def _scope(text: str) -> Credential | None:
    parts = text.split("/")
    if len(parts) >= 5:
        return Credential("/".join(parts[:-4]), parts[-4], parts[-3], parts[-2])
    if len(parts) == 4:  # SigV4A: the region set is a header of its own
        return Credential(parts[0], parts[1], "", parts[2])
    return None


def _unsigned(entries: Iterable[Entry], request: Request) -> str | None:
    by_target = _by_target(entries, request)
    if by_target:
        return by_target[0].name
    by_version = _by_version(entries, request)
    return _preferred(by_version, request) if by_version else _by_link(request)


def _by_link(request: Request) -> str | None:
    """The service of a link that a message asks to visit: it has no signature, and names no version."""
    return links().get(form_of(request).get("Action", "")) if "Action=" in request.query else None


@cache
def links() -> dict[str, str]:
    """The operations of such links, and their services.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html (SubscribeURL, UnsubscribeURL).
    """
    return dict(json.loads(Path(__file__).with_name("links.json").read_text("utf-8")))


def _among(signers: tuple[Entry, ...], request: Request, signing_name: str) -> str:
    """The one of several services of a signing name."""
    narrowed = _by_target(signers, request) or _by_version(signers, request)
    if narrowed:
        return _preferred(narrowed, request)
    rest = [entry for entry in signers if entry.protocols[0] in services.REST]
    return _by_path(rest, request) or _namesake(signers, signing_name).name


def _by_target(entries: Iterable[Entry], request: Request) -> list[Entry]:
    target = request.headers.get("x-amz-target")
    if target is not None:
        prefix = target.rpartition(".")[0]
        return [entry for entry in entries if entry.target_prefix == prefix]
    if "smithy-protocol" in request.headers and (found := SMITHY_PATH.fullmatch(request.path)):
        return [entry for entry in entries if entry.target_prefix in {found[1], found[1].rpartition(".")[2]}]
    return []


def _by_version(entries: Iterable[Entry], request: Request) -> list[Entry]:
    if "Version=" not in request.query and not request.headers.get("content-type", "").startswith(FORM):
        return []
    if len(request.body) > MOST_TO_LOOK_AT:
        return []
    form = form_of(request)
    version = form.get("Version")
    if not version or "Action" not in form:
        return []
    return [entry for entry in entries if entry.version == version and not {"query", "ec2"}.isdisjoint(entry.protocols)]


def _preferred(entries: list[Entry], request: Request) -> str:
    """The first of the entries that has the operation, the namesake of the signing name before the others."""
    namesakes = [entry for entry in entries if entry.name == entry.signing_name]
    ordered = [*namesakes, *(entry for entry in entries if entry not in namesakes)]
    if len(ordered) > 1:
        action = form_of(request).get("Action", "")
        for entry in ordered:
            if action in _operations(entry.name):
                return entry.name
    return ordered[0].name


def _by_path(entries: list[Entry], request: Request) -> str | None:
    """The service whose model matches most of the path literally; the namesake wins a draw."""
    best: tuple[int, bool, str] | None = None
    for entry in entries:
        match = services.load(entry.name).routes.match(request)
        if match is None:
            continue
        rank = (match[1].literals, entry.name == entry.signing_name, entry.name)
        if best is None or rank[:2] > best[:2]:
            best = rank
    return best[2] if best else None


def _namesake(entries: tuple[Entry, ...], signing_name: str) -> Entry:
    return next((entry for entry in entries if entry.name == signing_name), entries[0])


def _operations(name: str) -> set[str]:
    try:
        return set(services.load(name).description["operations"])
    except (UnknownServiceError, ValueError):
        return set()


def _entry(folder: Path) -> Entry | None:
    versions = sorted(path for path in folder.iterdir() if path.is_dir())
    for version in reversed(versions):
        model = next(version.glob("service-2.json*"), None)
        if model is not None:
            metadata = _metadata(model)
            return Entry(
                folder.name,
                _protocols(metadata),
                metadata.get("signingName", metadata["endpointPrefix"]),
                metadata.get("targetPrefix"),
                metadata["apiVersion"],
                metadata.get("serviceId", ""),
            )
    return None


def _protocols(metadata: dict[str, Any]) -> tuple[str, ...]:
    """What a service speaks; one that went over from the query protocol still takes it."""
    older = ("query",) if "awsQueryCompatible" in metadata else ()
    return tuple(dict.fromkeys((metadata["protocol"], *metadata.get("protocols", ()), *older)))


def _metadata(model: Path) -> dict[str, Any]:
    """The `metadata` of a model, from the first 8 KB of the file: reading it all would take a hundred
    times as long."""
    with gzip.open(model) if model.suffix == ".gz" else model.open("rb") as file:
        head = file.read(8192).decode("utf-8", "ignore")
        start = head.find('"metadata"')
        try:
            metadata, _ = json.JSONDecoder().raw_decode(head, head.index("{", start))
        except ValueError:
            file.seek(0)
            metadata = json.loads(file.read())["metadata"]
    return dict(metadata)
