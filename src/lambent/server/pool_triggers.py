"""Functions as triggers of user pools: called when moto's Cognito asks for it, by AWS's rules.

A function has five seconds, and is called three times in all when it does not answer; its policy has to let Cognito in.
Source: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
(Important considerations)
"""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from lambent.clock import Clock
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.finding import Finding
from lambent.model.invocation import Outcome, RestoreFailed, Throttled
from lambent.services.waiting import within
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

log = logging.getLogger(__name__)

SERVICE = "cognito-idp.amazonaws.com"
SECONDS = 5.0
TRIES = 3
LATE = "Socket timeout while invoking Lambda function"
"""As users of AWS have reported it, like the codes below."""
POOL = re.compile(r"arn:aws[a-z-]*:cognito-idp:([a-z0-9-]{1,32}):([0-9]{12}):userpool/[A-Za-z0-9_-]{1,64}")
UNSENT = "message-not-sent"
LONGEST = 2000
"""Characters of a message that a finding shows."""
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PoolTriggers:
    """`call` calls a function as a door does; who is told what a message would have said is `report`.
    `clock` is the machine's: a function's work takes real time."""

    call: Callable[[Door, Call], Awaitable[Outcome]]
    new_id: Callable[[], str]
    report: Callable[[Finding], None]
    clock: Clock

    async def answer(self, request: Request) -> Response:
        """The page that moto asks."""
        try:
            asked = orjson.loads(request.body)
            found = POOL.fullmatch(asked["pool"])
            function, payload = str(asked["function"]), orjson.dumps(asked["event"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return Response(400)
        if found is None:
            return Response(400)
        door = Door(SERVICE, found[0], account=found[2], region=found[1])
        said = await self._run(door, function, payload, str(asked.get("trace") or "") or None)
        if asked.get("trigger") == "CustomMessage" and "payload" in said:
            self._tell(found[0], said["payload"])
        return Response(200, [("content-type", "application/json")], orjson.dumps(said))

    async def _run(self, door: Door, function: str, payload: bytes, trace: str | None) -> Answer:
        """What came of it: `payload`, `failed` or `error`."""
        for _ in range(TRIES):
            call = Call(function, payload, self.new_id(), trace)
            try:
                outcome = await within(self.clock, SECONDS, self.call(door, call))
            except TimeoutError:
                log.info("%s did not answer as a trigger within %s s", function, SECONDS)
                continue
            except NotPermitted as error:
                log.info("%s: %s", door.source_arn, error)
                return {"error": "AccessDeniedException"}
            except Fault as fault:
                return {"error": fault.code}
            except (Throttled, RestoreFailed):
                return {"error": "TooManyRequestsException"}
            text = outcome.payload.decode("utf-8", "replace")
            return {"payload": text} if outcome.error is None else {"failed": _message(text)}
        return {"error": LATE}

    def _tell(self, pool: str, payload: str) -> None:
        """Nothing is sent: a finding says what would have been."""
        try:
            said = orjson.loads(payload)["response"]
            texts = [f"{name}: {said[name]}" for name in ("emailSubject", "emailMessage", "smsMessage") if said[name]]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return
        text = "; ".join(texts) or "the pool's own text"
        self.report(Finding(UNSENT, pool, f"A message was made, and is sent to nobody: {text[:LONGEST]}"))


def _message(text: str) -> str:
    """What a function's error says."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return str(said.get("errorMessage", "")) if isinstance(said, dict) else text
