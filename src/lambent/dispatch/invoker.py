"""Takes an invocation to an environment, or says why not."""

import asyncio
from collections import Counter

from lambent.dispatch.environment import Answer
from lambent.dispatch.pools import Pools
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, Throttled
from lambent.model.scope import Scope


class Invoker:
    """Counts what runs and hands out environments. `concurrency` is the account's limit per region."""

    def __init__(self, pools: Pools, concurrency: int) -> None:
        self._pools = pools
        self._concurrency = concurrency
        self._running: Counter[Scope] = Counter()

    def submit(self, function: FunctionVersion, invocation: Invocation, answer: Answer) -> None:
        """Run `invocation`; `answer` is called once, on the event loop. Raises Throttled."""
        scope = function.scope
        if self._running[scope] >= self._concurrency:
            raise Throttled("ConcurrentInvocationLimitExceeded")
        environment = self._pools.acquire(function)
        self._running[scope] += 1

        def finished(outcome: Outcome | Exception) -> None:
            self._running[scope] -= 1
            answer(outcome)

        environment.invoke(invocation, finished)

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
