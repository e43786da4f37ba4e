"""The services that are answered here, opened in the order in which they need one another."""

import asyncio
import functools
import platform
import random
from collections.abc import Callable
from contextlib import AsyncExitStack

from lambent.clock import ManualClock
from lambent.dispatch.async_queue import AsyncQueue, Resolve
from lambent.dispatch.background import Background
from lambent.dispatch.credentials import Credentialed
from lambent.dispatch.destinations import Destinations
from lambent.dispatch.handover import Handover
from lambent.dispatch.pools import Pools
from lambent.dispatch.provisioned import Provisioned
from lambent.dispatch.sampling import Sampler
from lambent.dispatch.snapshots import Snapshots
from lambent.gateway import clock as clock_page
from lambent.gateway import deliveries, health, recycle
from lambent.gateway.chain import Gateway, Page, account_of, ours
from lambent.gateway.codelink import CodeLinks
from lambent.gateway.credentials import CredentialsPage
from lambent.gateway.debug import DebugPage
from lambent.gateway.exchange import Here
from lambent.gateway.listener import Listener
from lambent.gateway.live import LivePage, make_token
from lambent.gateway.short import ShortRoad
from lambent.model.async_event import Handling
from lambent.model.function import LATEST, FunctionVersion
from lambent.model.invocation import RestoreFailed, Throttled
from lambent.model.limits import Limits
from lambent.model.names import FunctionRef
from lambent.model.scope import Scope
from lambent.neighbour.outbox import Outbox
from lambent.observe.findings import Ledger
from lambent.runtimes import interpreters
from lambent.sandbox import probe
from lambent.sandbox.spec import Level
from lambent.server.asking import ask_service, fetch_s3, forward_to_neighbour
from lambent.server.base import REAL, Base, new_id, tells_time
from lambent.server.pages import begin_debugging, health_report, metrics_document, recycle_all, set_live
from lambent.server.preparing import make_ready, resolve_image, runtime_check, tell_of_network
from lambent.server.running import Running, open_running
from lambent.server.scaling import make_autoscaler, plan_concurrency, scaling_service
from lambent.services.lambda_ import (
    asynchronous,
    concurrency,
    event_source_mapping,
    faults,
    inert,
    settling,
    stored_only,
)
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoke import new_trace_id
from lambent.services.lambda_.lookup import running_at_once
from lambent.services.lambda_.operations import OPERATIONS as LAMBDA_OPERATIONS
from lambent.services.lambda_.refused import REFUSED
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.operations import OPERATIONS as LOGS_OPERATIONS
from lambent.services.sqs.env import SqsEnv, open_env
from lambent.services.sqs.operations import OPERATIONS as SQS_OPERATIONS
from lambent.settings import Settings, StartError
from lambent.store.errors import StoreError
from lambent.store.events import Events
from lambent.store.open import Store, sweep
from lambent.wire import locate, serialize, service
from lambent.wire.http import Response


async def open_services(
    stack: AsyncExitStack, settings: Settings, store: Store, base: Base, abilities: probe.Abilities
) -> None:
    """Everything that answers; at last the endpoint. Raises StartError."""
    found = await asyncio.to_thread(_look_around)
    running = await open_running(stack, settings, store, base, lambda: found)
    env: LambdaEnv  # it and the gateway, which lead to the queue in their turn, are made below

    def handling(scope: Scope, name: str, qualifier: str) -> Handling | None:
        return asynchronous.handling(env, scope, name, qualifier)

    outbox = Outbox(lambda request: running.doors.gateway(request))  # noqa: PLW0108
    queue = _events(settings, store, base, running, handling, outbox)
    links = CodeLinks(base.url, store.blobs.get, base.clock.wall)
    env = _lambda_env(settings, store, base, running, queue, links)
    scaler = make_autoscaler(env, base, running.findings.report)
    sampler = Sampler(running.concurrency, running.metrics, base.clock.monotonic, base.clock.call_at, scaler.minute)
    stack.callback(sampler.close)
    sqs = await _open_sqs(stack, store, base, running.limits, running.findings)
    here = {
        "lambda": Here(LAMBDA_OPERATIONS, env, REFUSED),
        "logs": Here(LOGS_OPERATIONS, LogsEnv(base.logs, base.clock.wall)),
        **scaling_service(settings, env, scaler),
        **({} if "sqs" in settings.endpoints else {"sqs": Here(SQS_OPERATIONS, sqs)}),
    }
    those = (running.pools, running.provisioned)
    token = make_token(settings.data_dir)
    moved = base.clock.advance if isinstance(base.clock, ManualClock) else None
    pages: dict[str, Page] = {
        "health": health.page(functools.partial(health_report, settings, base, abilities, found, those)),
        "findings": health.page(running.findings.document),
        "metrics": health.page(functools.partial(metrics_document, sampler, running.metrics)),
        "code": links.page,
        "credentials": _credentials_page(settings, base, running.credentials),
        "recycle": recycle.page(functools.partial(recycle_all, those)),
        deliveries.PATH: deliveries.page(Handover(outbox, running.findings.report, base.background.spawn)),
        "clock": clock_page.page(base.clock.document, moved),
        "live": LivePage(token, functools.partial(set_live, store, running.live, running.pools)),
        "debug": DebugPage(token, functools.partial(begin_debugging, env, running.debugging)),
    }
    forward = functools.partial(forward_to_neighbour, settings, base.neighbour, running.findings.report)
    who = functools.partial(_account_of, running.credentials)
    gateway = Gateway(
        here=here, pages=pages, forward=forward, account_of=who, trace_of=running.credentials.trace_of, new_id=new_id
    )
    running.doors.gateway = gateway
    running.doors.listener = Listener(gateway, _short_road(env, running, queue, who))
    stack.push_async_callback(running.doors.listener.close)
    await _resume(stack, env, queue)
    base.background.spawn(_housekeeping(store))
    await running.doors.serve(base.door)


def _credentials_page(settings: Settings, base: Base, credentials: Credentialed) -> CredentialsPage:
    """It expires credentials by the clock that functions see, which may run fast: they last as long for real."""
    if tells_time(settings):
        return CredentialsPage(credentials.by_token, base.clock.wall, base.clock.scale)
    return CredentialsPage(credentials.by_token, REAL.wall)


def _events(
    settings: Settings, store: Store, base: Base, running: Running, handling: Resolve, outbox: Outbox
) -> AsyncQueue:
    """The queue of asynchronous events."""
    report, metrics = running.findings.report, running.metrics
    return AsyncQueue(
        Events(store.database),
        base.clock,
        functools.partial(running.invoker.submit, sync=False),
        handling,
        Destinations(outbox, report, metrics, base.clock.wall).deliver,
        base.background.spawn,
        report,
        metrics,
        _twice(settings),
    )


def _lambda_env(
    settings: Settings, store: Store, base: Base, running: Running, queue: AsyncQueue, links: CodeLinks
) -> LambdaEnv:
    """What the Lambda operations need of the rest."""
    report = running.findings.report
    outbound = functools.partial(tell_of_network, base.host, settings.network, report)
    return LambdaEnv(
        functions=store.functions,
        resources=store.resources,
        blobs=store.blobs,
        clock=base.clock.wall,
        new_id=new_id,
        fetch_s3=functools.partial(fetch_s3, base.neighbour),
        check_runtime=runtime_check(running.places),
        resolve_image=functools.partial(resolve_image, store.images, base.host.level),
        retire=functools.partial(_retire, running.pools, running.provisioned, running.snapshots, base.background),
        spawn=base.background.spawn,
        code_url=links.url,
        invoker=running.invoker,
        prepare=functools.partial(
            make_ready, running.snapshots, base.host, store.images, running.files, report, outbound
        ),
        pause=asyncio.sleep,
        report=report,
        withdraw=running.findings.withdraw,
        ask=functools.partial(ask_service, running.doors),
        limit_concurrency=functools.partial(plan_concurrency, store, running.concurrency, running.provisioned),
        allocation=running.provisioned.state,
        site_url=functools.partial(_site_url, running.endpoint.port),
        limits=running.limits,
        accept=queue.accept,
        count=running.metrics.add,
        forward=base.neighbour.forward,
        mounts_files=base.host.level is Level.NAMESPACE,
        # Of its own, so that nothing else uses up its numbers.
        chance=random.Random(settings.seed).random,  # noqa: S311
        architecture="arm64" if platform.machine() == "aarch64" else "x86_64",
    )


def _short_road(env: LambdaEnv, running: Running, queue: AsyncQueue, who: Callable[[str], str]) -> ShortRoad:
    return ShortRoad(
        functions=functools.partial(_active, env),
        submit=running.invoker.submit,
        account_of=who,
        new_id=new_id,
        trace_id=new_trace_id,
        fail=_short_failure,
        request_bytes=running.limits.sync_request_bytes,
        accept=queue.put,
        event_bytes=running.limits.async_request_bytes,
        trace_of=running.credentials.trace_of,
    )


async def _resume(stack: AsyncExitStack, env: LambdaEnv, queue: AsyncQueue) -> None:
    """Go on with what the last server left unfinished. Raises StartError."""
    settling.resume(env)
    for stored in (inert, concurrency, event_source_mapping, stored_only):
        stored.resume(env)
    try:
        await queue.start()
    except StoreError as error:
        raise StartError(f"the events that wait can't be read: {error}") from error
    # Before anything that events are run and sent by.
    stack.push_async_callback(queue.close)


async def _open_sqs(stack: AsyncExitStack, store: Store, base: Base, limits: Limits, findings: Ledger) -> SqsEnv:
    """The queues, with what was under way when the server stopped going on."""
    spawn = base.background.spawn
    ledger = findings.report, findings.withdraw
    try:
        sqs = await open_env(store.resources, store.queues, base.clock, limits, base.url, new_id, spawn, *ledger)
    except StoreError as error:
        raise StartError(f"the queues can't be read: {error}") from error
    stack.push_async_callback(store.queues.close)
    spawn(sqs.resume())
    return sqs


def _look_around() -> dict[str, interpreters.Interpreter]:
    """The machine's interpreters; on the way, what the first requests would otherwise wait for."""
    locate.by_signing_name()
    for name in ("lambda", "logs", "sqs"):
        service.load(name)
    return interpreters.find()


def _site_url(port: int, name: str) -> str:
    """The URL of what is reached by a host name of its own, which leads to this machine (RFC 6761, section 6.3)."""
    return f"http://{name}.localhost:{port}/"


def _active(env: LambdaEnv, scope: Scope, name: str, qualifier: str | None) -> tuple[FunctionVersion, str] | None:
    """The version to invoke at once and the ARN asked for, None when there is none or it is not active."""
    target = running_at_once(env, FunctionRef(scope, name, qualifier))
    return None if target is None else (target.function, target.arn)


def _retire(
    pools: Pools,
    provisioned: Provisioned,
    snapshots: Snapshots,
    background: Background,
    scope: Scope,
    name: str,
    version: str | None = None,
) -> None:
    """A version has changed or is gone, or with None a whole function: no environment of it takes an invocation."""
    pools.retire(scope, name, version)
    provisioned.retire(scope, name, version)
    if version != LATEST:
        background.spawn(snapshots.forget(scope, name, version))


def _account_of(credentials: Credentialed, access_key: str) -> str:
    return credentials.account_of(access_key) or account_of(access_key)


def _short_failure(request_id: str, error: Exception) -> Response:
    """The answer to an invocation that found no environment."""
    match error:
        case Throttled() | RestoreFailed():
            fault = faults.not_run(error)
        case _:
            fault = ours(request_id, error)
    return serialize.fault(service.load("lambda"), "Invoke", fault, request_id)


def _twice(settings: Settings) -> Callable[[], bool]:
    """Whether the next asynchronous event is delivered two times."""
    chance = random.Random(settings.seed)  # noqa: S311
    return lambda: chance.random() < settings.duplicate_rate


async def _housekeeping(store: Store) -> None:
    """What is done once, beside the first requests."""
    await sweep(store)
