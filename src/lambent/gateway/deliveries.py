"""POST /_lambent/deliveries: what services in moto's process send to functions and queues that are answered here."""

from collections.abc import Awaitable, Callable

import orjson

from lambent.model.delivery import Delivery, Handed
from lambent.model.scope import DEFAULT_ACCOUNT, DEFAULT_REGION, Scope
from lambent.wire.http import Request, Response

PATH = "deliveries"


def page(take: Callable[[Handed], Awaitable[None]]) -> Callable[[Request], Awaitable[Response]]:
    """The page; `take` delivers or reports. 202 when that is done or under way, 400 for what is no message."""

    async def answer(request: Request) -> Response:
        try:
            handed = _read(request.body)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            said = orjson.dumps({"message": f"no message: {error!r}"})
            return Response(400, [("Content-Type", "application/json")], said)
        await take(handed)
        return Response(202)

    return answer


def _read(body: bytes) -> Handed:
    said = orjson.loads(body)
    parts = str(said["target"]).split(":")
    delivery = Delivery(
        scope=Scope(_part(parts, 4) or DEFAULT_ACCOUNT, _part(parts, 3) or DEFAULT_REGION),
        target=str(said["target"]),
        body=str(said["body"]).encode(),
        function="",
        arn=str(said["origin"]),
        trace_id=str(said["trace"]),
        attributes={str(name): (str(kind), str(value)) for name, (kind, value) in said["attributes"].items()},
        group=str(said["group"]),
        deduplication=str(said["deduplication"]),
    )
    through = tuple(str(service) for service in said["through"])
    if not through:
        raise ValueError("it came through nothing")
    return Handed(delivery, through, str(said["dead_letter"]), str(said["problem"]))


def _part(parts: list[str], place: int) -> str:
    return parts[place] if len(parts) > place else ""
