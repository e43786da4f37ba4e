"""Takes an invocation to an environment, or says why not."""

import asyncio
import functools

from lambent.dispatch.environment import Answer
from lambent.dispatch.pools import Pools
from lambent.dispatch.streaming import ResponseStream
from lambent.engine.concurrency import Concurrency
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome
from lambent.runtimes.api import Sink


class Invoker:
    """Takes a place of the concurrency for each invocation and hands out environments."""

    def __init__(self, pools: Pools, concurrency: Concurrency) -> None:
        self._pools = pools
        self._concurrency = concurrency

    def submit(
        self, function: FunctionVersion, invocation: Invocation, answer: Answer, sink: Sink | None = None
    ) -> None:
        """Run `invocation`; `answer` is called once, on the event loop. Raises Throttled.

        With `sink` a response that the runtime streams goes there as it comes.
        """
        concurrency = self._concurrency
        tank = concurrency.take(function.scope, function.name, function.version)
        try:
            environment = self._pools.acquire(function)
        except BaseException:
            concurrency.give(tank)
            raise
        environment.invoke(invocation, answer, functools.partial(concurrency.give, tank), sink)

    async def invoke(self, function: FunctionVersion, invocation: Invocation) -> Outcome:
        """The same, awaited. Raises Throttled, or EnvironmentFailed when the fault is ours."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def answer(outcome: Outcome | Exception) -> None:
            if future.done():
                return
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self.submit(function, invocation, answer)
        return await future

    def stream(self, function: FunctionVersion, invocation: Invocation) -> ResponseStream:
        """The same, with the response while it is written. Raises Throttled."""
        stream = ResponseStream()
        self.submit(function, invocation, stream.finish, stream)
        return stream
