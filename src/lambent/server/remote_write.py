"""Sends the platform's figures to a Prometheus, Mimir or Thanos that the user names, by remote write.

What it does not take after some tries is dropped: the next figures are sums that hold it. What is tried again:
https://prometheus.io/docs/specs/prw/remote_write_spec/#retries--backoff
"""

import asyncio
import functools
import importlib.util
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lambent import __version__, outward
from lambent.model.delivery import DeliveryFailed
from lambent.model.finding import Finding
from lambent.neighbour import web
from lambent.observe.prometheus import Family
from lambent.observe.remote_write import HEADERS, bodies
from lambent.server.base import REAL, Base
from lambent.settings import Settings, StartError

SECONDS = 15.0
"""Of the machine's time, between what is sent."""
TRIES = 3
"""Of each request; each waits twice as long as the one before."""
SIGNED = re.compile(r"aps-workspaces\.([a-z0-9-]+)\.amazonaws\.com")
"""Amazon Managed Service for Prometheus takes what is signed alone:
https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-APIReference-RemoteWrite.html"""


def open_remote_write(
    stack: AsyncExitStack,
    settings: Settings,
    base: Base,
    report: Callable[[Finding], None],
    figures: Callable[[], Sequence[Family]],
) -> None:
    """Begin, if the user names a place. Raises StartError."""
    url = settings.remote_write
    if not url:
        return
    if importlib.util.find_spec("cramjam") is None:
        raise StartError("remote_write needs Snappy: install lambent[remote-write]")
    sign = _signing(settings)
    # The user named the place: it may be on this machine or near it. No redirect leads elsewhere.
    reach = outward.read(("0.0.0.0/0", "::/0"))
    labels = {"job": "lambent", "instance": urlsplit(base.url).netloc}

    async def post(body: bytes) -> None:
        await web.post(reach, url, sign(body), body)

    async def make() -> Iterable[bytes]:
        families, at = figures(), REAL.wall()
        return await asyncio.to_thread(lambda: list(bodies(families, at, labels)))

    sender = RemoteWrite(make, post, functools.partial(_tell, report, url), asyncio.sleep)
    stack.callback(base.background.spawn(sender.run()).cancel)


class RemoteWrite:
    """Posts what `make` makes, now and every `SECONDS`; what is not taken is told, and waits for nothing."""

    def __init__(
        self,
        make: Callable[[], Awaitable[Iterable[bytes]]],
        post: Callable[[bytes], Awaitable[None]],
        tell: Callable[[DeliveryFailed], None],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._make = make
        self._post = post
        self._tell = tell
        self._sleep = sleep

    async def run(self) -> None:
        """Never ends."""
        while True:
            try:
                for body in await self._make():
                    await self._send(body)
            except DeliveryFailed as failed:
                self._tell(failed)
            await self._sleep(SECONDS)

    async def _send(self, body: bytes) -> None:
        """Raises DeliveryFailed after the last try."""
        for attempt in range(TRIES - 1):
            try:
                return await self._post(body)
            except DeliveryFailed as failed:
                if not failed.passing:
                    raise
            await self._sleep(2**attempt)
        await self._post(body)


def _signing(settings: Settings) -> Callable[[bytes], dict[str, str]]:
    """What makes a request's headers. Raises StartError where keys are missing."""
    headers, url = {**HEADERS, "User-Agent": f"lambent/{__version__}"}, settings.remote_write
    region = SIGNED.fullmatch(urlsplit(url).hostname or "")
    if region is None:
        return lambda _body: headers
    if not settings.endpoint_access_key:
        raise StartError("remote_write to AWS is signed: set endpoint_access_key and endpoint_secret_key")
    signer = SigV4Auth(Credentials(settings.endpoint_access_key, settings.endpoint_secret_key), "aps", region[1])

    def signed(body: bytes) -> dict[str, str]:
        request = AWSRequest("POST", url, headers, body)
        signer.add_auth(request)
        return dict(request.headers.items())

    return signed


def _tell(report: Callable[[Finding], None], url: str, failed: DeliveryFailed) -> None:
    """Report it; a URL may hold a password."""
    parts = urlsplit(url)
    place = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    text = f"Figures are not taken by remote_write = {place}: {failed}. Those were dropped."
    report(Finding("metrics-not-exported", place, text))
