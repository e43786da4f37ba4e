"""Pulling from registries: the part of the Distribution API that is needed, anonymous or with a user's own login.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md;
tokens: https://distribution.github.io/distribution/spec/auth/token/
"""

import base64
import hashlib
import ipaddress
import json
import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import IO, Any

import aiohttp

from lambent.outward import Reach
from lambent.store.image_layers import ImageError
from lambent.store.image_reference import RegistryReference
from lambent.store.image_sources import INDEXES, JSON_MAX, MANIFESTS, Found, Layer, check_platform, for_this_machine

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0
_CHUNK = 1 << 20
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class ImageMissing(ImageError):
    """The registry has no such image, or does not show it to us."""


class Pull:
    """One image of one registry. Made by `pulling`."""

    def __init__(self, session: aiohttp.ClientSession, reference: RegistryReference, login: str) -> None:
        self._session = session
        self._reference = reference
        self._login = login
        self._authorization = ""
        scheme = "http" if _is_local(reference.host) else "https"
        self._base = f"{scheme}://{reference.host}/v2/{reference.repository}"

    async def digest(self) -> str:
        """The hex SHA-256 of the manifest for this machine. Raises ImageError."""
        return (await self._manifest())[0]

    async def fetch(self, folder: Path) -> Found:
        """The image, with its layers as files in `folder`. Raises ImageError."""
        digest, manifest = await self._manifest()
        config = json.loads(await self._small(f"/blobs/{manifest['config']['digest']}", manifest["config"]["digest"]))
        check_platform(config)
        layers = []
        for one in manifest["layers"]:
            path = await self._download(one["digest"], folder)
            layers.append(Layer("", _opener(path)))
        return Found(digest, config, tuple(layers))

    async def _manifest(self) -> tuple[str, dict[str, Any]]:
        version = self._reference.version
        raw = await self._small(f"/manifests/{version}", version if version.startswith("sha256:") else "")
        manifest = json.loads(raw)
        if "manifests" in manifest:
            version = for_this_machine(manifest)
            raw = await self._small(f"/manifests/{version}", version)
            manifest = json.loads(raw)
        if "layers" not in manifest:
            raise ImageError(f"{self._reference.host} answers with a manifest that is too old (schema 1)")
        return hashlib.sha256(raw).hexdigest(), manifest

    async def _small(self, path: str, digest: str) -> bytes:
        async with self._get(path) as response:
            raw = await response.content.read(JSON_MAX)
            while not response.content.at_eof() and len(raw) < JSON_MAX:
                raw += await response.content.read(JSON_MAX)
        if digest and f"sha256:{hashlib.sha256(raw).hexdigest()}" != digest:
            raise ImageError(f"{self._reference.host} sent something else than {digest}")
        return raw

    async def _download(self, digest: str, folder: Path) -> Path:
        seen = hashlib.sha256()
        handle, name = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as sink:
            async with self._get(f"/blobs/{digest}") as response:
                async for chunk in response.content.iter_chunked(_CHUNK):
                    seen.update(chunk)
                    sink.write(chunk)
        if f"sha256:{seen.hexdigest()}" != digest:
            raise ImageError(f"{self._reference.host} sent something else than layer {digest}")
        return Path(name)

    @asynccontextmanager
    async def _get(self, path: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """A successful response; a challenge is answered once."""
        try:
            async with await self._ask(path) as first:
                if first.status != 401 or self._authorization:
                    yield self._good(first)
                    return
                await self._answer(first.headers.get("WWW-Authenticate", ""))
            async with await self._ask(path) as second:
                yield self._good(second)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ImageError(f"the registry {self._reference.host} can't be reached: {error}") from error

    async def _ask(self, path: str) -> aiohttp.ClientResponse:
        headers = {"Accept": ", ".join((*MANIFESTS, *INDEXES))}
        if self._authorization:
            headers["Authorization"] = self._authorization
        return await self._session.get(self._base + path, headers=headers)

    def _good(self, response: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
        one = self._reference
        if response.status == 404:
            raise ImageMissing(f"{one.host}/{one.repository} has no {one.version}")
        if response.status in (401, 403):
            raise ImageMissing(f"{one.host} does not let us read {one.repository}")
        if response.status != 200:
            raise ImageError(f"{one.host} answers {response.status} for {one.repository}")
        return response

    async def _answer(self, challenge: str) -> None:
        """Basic: the login itself. Bearer: a token for which the login is shown, if there is one."""
        kind = challenge.partition(" ")[0].lower()
        said = dict(_CHALLENGE.findall(challenge))
        if kind == "bearer" and "realm" in said:
            asked = {"service": said.get("service", ""), "scope": f"repository:{self._reference.repository}:pull"}
            headers = {"Authorization": f"Basic {self._login}"} if self._login else {}
            async with self._session.get(said["realm"], params=asked, headers=headers) as response:
                answer = await response.json(content_type=None) if response.status == 200 else {}
            token = answer.get("token") or answer.get("access_token") or ""
            self._authorization = f"Bearer {token}"
        else:
            self._authorization = f"Basic {self._login}"


@asynccontextmanager
async def pulling(reference: RegistryReference, logins: Callable[[str], str], reach: Reach) -> AsyncIterator[Pull]:
    """A conversation with the registry; `logins` answers base64 of user:password for a host, or "". No connection
    leaves `reach`, whatever names resolve to and wherever the registry sends us (a proxy of the environment included:
    behind it, it decides)."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)
    connector = aiohttp.TCPConnector(socket_factory=reach.socket_for)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector, trust_env=True) as session:
        yield Pull(session, reference, logins(reference.host))


def docker_logins(file: Path) -> Callable[[str], str]:
    """Logins as `docker login` keeps them in its config.json; credential helpers are not asked."""

    def login(host: str) -> str:
        try:
            auths = json.loads(file.read_bytes()).get("auths", {})
        except (OSError, ValueError):
            return ""
        for name in (host, f"https://{host}", f"https://{host}/v2/"):
            entry = auths.get(name) or {}
            if entry.get("auth"):
                return str(entry["auth"])
            if entry.get("username"):
                return base64.b64encode(f"{entry['username']}:{entry.get('password', '')}".encode()).decode()
        return ""

    return login


def _is_local(host: str) -> bool:
    """Registries on this machine speak plain HTTP."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _opener(path: Path) -> Callable[[], AbstractContextManager[IO[bytes]]]:
    return lambda: path.open("rb")
