"""Servers on the web that APIs of every kind have behind them."""

from typing import Protocol

from lambent.model.backend_tls import USUAL, BackendTls


class Fetch(Protocol):
    """Ask a server on the web, within the setting `reach`. Raises OSError, TimeoutError."""

    async def __call__(
        self,
        method: str,
        url: str,
        headers: list[tuple[str, str]],
        body: bytes,
        seconds: float,
        tls: BackendTls = USUAL,
    ) -> tuple[int, list[tuple[str, str]], bytes]: ...
