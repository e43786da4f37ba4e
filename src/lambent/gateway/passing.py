"""What functions say to AWS's services and hear from them, counted by function and service: what a network of theirs
would pass on, by its interface endpoints or its NAT gateway."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from lambent.model.credentials import Held
from lambent.wire import locate
from lambent.wire.http import Request, Response

Count = Callable[[str, str, int], None]
"""Called with a function's ARN, a service by the name that requests are signed with, and bytes."""


@dataclass(frozen=True, slots=True)
class Passing:
    """The `chain`, and what came by an environment's socket told to `count`: bodies in both directions, whatever the
    answer was. `held` answers whose a key is."""

    chain: Callable[[Request], Awaitable[Response]]
    held: Callable[[str], Held | None]
    count: Count

    async def __call__(self, request: Request) -> Response:
        credential = locate.credential_of(request) if request.inside else None
        held = self.held(request.inside) if credential is not None else None
        if credential is None or held is None or not held.function:
            return await self.chain(request)
        sent = os.fstat(request.file.fileno()).st_size if request.file is not None else len(request.body)
        response = await self.chain(request)
        if isinstance(response.body, bytes):
            self.count(held.function, credential.service, sent + len(response.body))
        else:
            response.body = self._counted(response.body, held.function, credential.service, sent)
        return response

    async def _counted(
        self, body: AsyncIterator[bytes], function: str, service: str, many: int
    ) -> AsyncIterator[bytes]:
        try:
            async for part in body:
                many += len(part)
                yield part
        finally:
            self.count(function, service, many)
            close = getattr(body, "aclose", None)
            if close is not None:
                await close()
