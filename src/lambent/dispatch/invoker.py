"""Takes an invocation to an environment, or says why not."""

import asyncio
import functools
import time
from collections.abc import Callable

from lambent.dispatch.pools import Pools
from lambent.dispatch.provisioned import Provisioned
from lambent.dispatch.streaming import ResponseStream
from lambent.engine.concurrency import Concurrency
from lambent.environments.running import Answer
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, Throttled
from lambent.observe.tracing import Tracing
from lambent.runtime_api.server import Sink


class Invoker:
    """Takes a place of the concurrency for each invocation and hands out environments; `tracing` records those of
    functions that trace."""

    def __init__(
        self,
        pools: Pools,
        concurrency: Concurrency,
        provisioned: Provisioned | None = None,
        now: Callable[[], float] = time.monotonic,
        tracing: Tracing | None = None,
        streamed: Callable[[FunctionVersion, int], None] = lambda _function, _size: None,
    ) -> None:
        """`streamed` is told how many bytes a response had whose reader got it while it was written."""
        self._pools = pools
        self._concurrency = concurrency
        self._provisioned = provisioned
        self._now = now
        self._tracing = tracing
        self._streamed = streamed

    def submit(
        self,
        function: FunctionVersion,
        invocation: Invocation,
        answer: Answer,
        sink: Sink | None = None,
        *,
        sync: bool = True,
    ) -> None:
        """Run `invocation`; `answer` is called once, on the event loop. Raises Throttled.

        With `sink` a response that the runtime streams goes there as it comes. What is not `sync` (an event from a
        queue) is bound by concurrency, but not by requests a second.
        """
        if not function.traced or self._tracing is None:
            self._submit(function, invocation, answer, sink, sync)
            return
        invocation = self._tracing.begin(function, invocation)
        try:
            self._submit(function, invocation, answer, sink, sync)
        except Throttled:
            self._tracing.refused(function, invocation)
            raise

    def _submit(
        self, function: FunctionVersion, invocation: Invocation, answer: Answer, sink: Sink | None, sync: bool
    ) -> None:
        concurrency, now = self._concurrency, self._now()
        tank = concurrency.take(function.scope, function.name, function.version, now, sync)
        environment = None
        if tank.ahead:
            environment = self._provisioned.take(function) if self._provisioned is not None else None
            if environment is None:
                tank = concurrency.pass_on(tank, function.scope, function.name, now)
        try:
            environment = environment or self._pools.acquire(function)
        except BaseException as error:
            concurrency.give(tank)
            if isinstance(error, Throttled):  # environments can't be started that fast
                concurrency.refused(function.scope, function.name)
            raise
        environment.invoke(invocation, answer, functools.partial(concurrency.give, tank), sink)

    async def invoke(self, function: FunctionVersion, invocation: Invocation, *, sync: bool = True) -> Outcome:
        """The same, awaited. Raises Throttled, or EnvironmentFailed when the fault is ours."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def answer(outcome: Outcome | Exception) -> None:
            if future.done():
                return
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self.submit(function, invocation, answer, sync=sync)
        return await future

    def stream(self, function: FunctionVersion, invocation: Invocation) -> ResponseStream:
        """The same, with the response while it is written. Raises Throttled."""
        stream = ResponseStream()

        def answer(outcome: Outcome | Exception) -> None:
            self._streamed(function, stream.size)
            stream.finish(outcome)

        self.submit(function, invocation, answer, stream)
        return stream
