"""Subscribers on the web: the server posts to them what SNS sends, since moto's process reaches no address."""

from collections.abc import Mapping

import aiohttp
from yarl import URL

from lambent.model.delivery import DeliveryFailed
from lambent.outward import Reach

MOST = 1 << 20
"""Bytes of an answer that are read."""
SECONDS = 15.0
"""For an answer: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html."""


async def ask(
    reach: Reach, method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float = SECONDS
) -> tuple[int, bytes]:
    """The status and the body of an answer, up to a megabyte of it, of what is in reach alone, whatever the name
    resolves to; no redirect is followed. Raises DeliveryFailed when there is no answer."""
    connector = aiohttp.TCPConnector(socket_factory=reach.socket_for, force_close=True)
    timeout = aiohttp.ClientTimeout(total=seconds)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session,
            session.request(
                method, URL(url, encoded=True), data=body or None, headers=headers, allow_redirects=False
            ) as answer,
        ):
            return answer.status, await answer.content.read(MOST)
    except PermissionError as error:
        raise DeliveryFailed(error.strerror or str(error), passing=False) from error
    except TimeoutError as error:
        raise DeliveryFailed(f"no answer within {seconds:g} seconds", passing=True, code="Timeout") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        denied = isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, PermissionError)
        passing = not denied and not isinstance(error, ValueError)  # a URL or a header that is none stays so
        raise DeliveryFailed(str(error) or type(error).__name__, passing=passing, code="Connection") from error


async def post(reach: Reach, url: str, headers: Mapping[str, str], body: bytes) -> None:
    """Post it, to what is in reach alone, whatever the name resolves to; no redirect is followed.

    Raises DeliveryFailed, passing for what AWS tries again: all but the statuses 400 to 499 other than 429.
    """
    status, _ = await ask(reach, "POST", url, headers, body)
    if not 200 <= status < 300:
        raise DeliveryFailed(f"it answered {status}", passing=status == 429 or not 400 <= status < 500)
