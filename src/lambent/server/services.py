"""The services that are answered here, opened in the order in which they need one another."""

import asyncio
import functools
import platform
import random
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

from lambent.background import Background
from lambent.clock import Clock, ManualClock
from lambent.dispatch.autoscaling import Autoscaler
from lambent.dispatch.concurrency_samples import Sampler
from lambent.dispatch.pools import Pools
from lambent.dispatch.provisioned import Provisioned
from lambent.environments.role_credentials import Credentialed
from lambent.environments.snapshots import Snapshots
from lambent.events.async_queue import AsyncQueue
from lambent.events.destinations import Destinations
from lambent.events.pushes import Pushes
from lambent.events.runs import Resolve
from lambent.events.sending import Send
from lambent.events.sources.sources import Sources
from lambent.gateway import clock as clock_page
from lambent.gateway import health, query_page, recycle, scraping
from lambent.gateway import neighbour as neighbour_page
from lambent.gateway.chain import SPANS, UNTAKEN, Gateway, Page, account_of, ours, plain_fault
from lambent.gateway.codelink import CodeLinks
from lambent.gateway.credentials import CredentialsPage
from lambent.gateway.debug import DebugPage
from lambent.gateway.exchange import Here
from lambent.gateway.guard import Guard
from lambent.gateway.hosts import Hosts
from lambent.gateway.intake import Intake
from lambent.gateway.listener import Listener
from lambent.gateway.live_folder import LivePage, make_token
from lambent.gateway.passing import Passing
from lambent.gateway.reached import Reached
from lambent.gateway.short import ShortRoad
from lambent.gateway.short_site import ShortRoads
from lambent.gateway.signers import KnownSigners
from lambent.gateway.sites import Sites
from lambent.gateway.torture import TorturePage, Trials
from lambent.model.async_event import Handling
from lambent.model.finding import Finding
from lambent.model.function import LATEST, FunctionVersion
from lambent.model.invocation import RestoreFailed, Throttled
from lambent.model.limits import Limits
from lambent.model.names import FunctionRef
from lambent.model.scope import Scope
from lambent.neighbour import web
from lambent.neighbour.outbox import Outbox
from lambent.observe.findings import Ledger
from lambent.permissions.gate import Gate
from lambent.permissions.simulating import Simulator
from lambent.permissions.user_keys import UserKeys
from lambent.sandbox.spec import Level
from lambent.server import deliveries, otlp, permissions, prometheus, root_keys, torture
from lambent.server.api_ports import open_outside
from lambent.server.asking import ask_service, bucket_rules, fetch_s3
from lambent.server.base import REAL, Base, new_id, tells_time
from lambent.server.buckets import Buckets, open_buckets
from lambent.server.buses import open_buses
from lambent.server.deployments import open_deployments
from lambent.server.destinations import check_destination
from lambent.server.environments import count_said
from lambent.server.here import chosen, here, unbuilt
from lambent.server.http_apis import HttpApis, open_http_apis
from lambent.server.integration_roles import IntegrationRoles
from lambent.server.iot import open_iot
from lambent.server.load_balancers import LoadBalancers, open_load_balancers
from lambent.server.log_subscriptions import open_logs
from lambent.server.machine import Machine
from lambent.server.metrics import measure_queues, open_cloudwatch
from lambent.server.neighbouring import Forwarding, Saw, acknowledge, all_of, neighbour_document
from lambent.server.pages import (
    begin_debugging,
    health_report,
    lives_document,
    mappings_document,
    metrics_document,
    recycle_all,
    resting_document,
    set_live,
)
from lambent.server.pool_triggers import PoolTriggers
from lambent.server.preparing import make_ready, resolve_image, runtime_check, tell_of_network
from lambent.server.pushes import open_pushes, resume_pushes
from lambent.server.registry import OpenRegistry, open_registry
from lambent.server.rest_apis import RestApis, open_rest_apis
from lambent.server.running import Running, open_running
from lambent.server.scaling import make_autoscaler, plan_concurrency, scaling_service
from lambent.server.sources import TableWrites, open_expiry, open_sources
from lambent.server.stacks import open_stacks, signal_page
from lambent.server.state_tasks import MachineCheck, StateTasks
from lambent.server.streams import Streams, open_streams
from lambent.server.sweeping import Sweeper
from lambent.server.timed import open_timed
from lambent.server.topics import PAGE as TOPICS_PAGE
from lambent.server.topics import Topics, open_topics
from lambent.server.traces import open_xray
from lambent.services.apigateway.service import SERVICE as APIGATEWAY
from lambent.services.apigatewayv2.service import CONNECTIONS
from lambent.services.apigatewayv2.service import SERVICE as APIGATEWAYV2
from lambent.services.cloudcontrol.service import SERVICE as CLOUDCONTROL
from lambent.services.cloudformation.env import CloudFormationEnv
from lambent.services.cloudformation.service import SERVICE as CLOUDFORMATION
from lambent.services.cloudtrail.lookup_events import TrailEnv
from lambent.services.cloudtrail.service import SERVICE as CLOUDTRAIL
from lambent.services.codedeploy.env import CodeDeployEnv
from lambent.services.codedeploy.service import SERVICE as CODEDEPLOY
from lambent.services.kinesis.service import SERVICE as KINESIS
from lambent.services.lambda_ import faults
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.event_sources import event_source_mapping
from lambent.services.lambda_.functions import settling, stored_only, stored_settings
from lambent.services.lambda_.invoking import asynchronous, called
from lambent.services.lambda_.invoking.invoke import new_trace_id
from lambent.services.lambda_.lookup import running_at_once
from lambent.services.lambda_.service import SERVICE as LAMBDA
from lambent.services.lambda_.urls import function_url_config
from lambent.services.lambda_.urls.serving import FunctionUrls
from lambent.services.sqs.env import SqsEnv, open_env
from lambent.services.sqs.service import SERVICE as SQS
from lambent.services.sts.env import StsEnv
from lambent.services.sts.service import SERVICE as STS
from lambent.settings import Settings, StartError
from lambent.store.checkpoints import Checkpoints
from lambent.store.errors import StoreError
from lambent.store.events import Events
from lambent.store.open import Store
from lambent.wire import serialize, service
from lambent.wire.http import Request, Response
from lambent.wire.site import Serve


async def open_services(stack: AsyncExitStack, settings: Settings, store: Store, base: Base, machine: Machine) -> None:
    """Everything that answers; at last the endpoint. Raises StartError."""
    running = await open_running(stack, settings, store, base, lambda: machine.interpreters)
    env: LambdaEnv  # it and the gateway, which lead to the queue in their turn, are made below

    def handling(scope: Scope, name: str, qualifier: str) -> Handling | None:
        return asynchronous.handling(env, scope, name, qualifier)

    outbox = _outbox(settings, running)
    gate = permissions.open_gate(settings, base, running)
    queue = _events(settings, store, base, running, handling, deliveries.of_functions(gate, handling, outbox))
    links = CodeLinks(base.url, store.blobs.get, base.clock.wall)
    sqs = await _open_sqs(stack, store, base, running.limits, running.findings)
    checkpoints, writes = Checkpoints(store.database), TableWrites()
    stack.push_async_callback(checkpoints.close)
    streams = await open_streams(stack, store, base, running.findings, settings.change_seconds > 0)
    sources = open_sources(
        settings, running, base.clock, handling, sqs.queues, streams, checkpoints, outbox, writes, gate
    )
    stack.push_async_callback(sources.close)
    open_expiry(settings, running, base.clock, base.background.spawn, writes)
    pushes = await open_pushes(store, base, outbox, gate, running.findings, _twice(settings))
    topics = open_topics(settings.data_dir, store.resources, base, running.doors, running.findings, pushes.add)
    rules = open_buses(stack, store, base, running.findings, outbox, pushes.add, settings.reach)
    s3 = await _open_s3(stack, settings, store, base, running, outbox, gate)
    env = _lambda_env(settings, store, base, running, queue, links, sources)
    scaler, sampler = _scaling(stack, env, base, running)
    keys, who, signers = _callers(settings, running, base, gate)
    balancers = open_load_balancers(stack, store, base, env, running)
    rest, http, sites = _sites(stack, settings, store, base, env, running, signers, balancers.serve, gate)
    stacks = open_stacks(settings, store, base, running.doors, gate, running.findings.report)
    deployments = open_deployments(stack, store, base, running.doors, gate, running.findings.report)
    timed = open_timed(store, base, running, gate, functools.partial(pushes.add, light=True))
    sts = permissions.sts_service(settings, gate, running.keys.put, keys.held, base, who)
    logs = open_logs(stack, store, base, running.doors, gate, running.findings, pushes.add)
    those = _made(env, sqs, streams, rest, http, stacks, sts, deployments, gate) | scaling_service(env, scaler)
    those |= balancers.here | logs | topics.here | timed.service() | rules.service()
    those |= open_cloudwatch(stack, settings, store, base, outbox, gate) | unbuilt() | s3.here
    those |= open_iot(store, base, running.findings, pushes.add)
    registry = await open_registry(settings, store, base, running)
    those |= open_xray(stack, settings, store, base, running.findings.report) | registry.here
    token = make_token(settings.data_dir)
    pages = _pages(stack, settings, store, base, running, machine, token)
    trials = torture.open_trials(running)
    pages |= _late_pages(store, running, env, sources, sampler, links, stacks, gate, token, trials, balancers, topics)
    saw = all_of(writes.saw, balancers.balancers.saw)
    _open_door(stack, settings, base, running, env, queue, those, pages, saw, sites, gate, trials, registry)
    await _resume(stack, env, queue, pushes)
    running.doors.opened.set()
    timed.start(stack)
    await balancers.resume()
    _start(stack, store, base, rules.start, stacks.stacks.resume, deployments.deployments.resume)
    await _listen(running, base)


def _outbox(settings: Settings, running: Running) -> Outbox:
    """What services send goes to the gateway, which is made later."""
    doors = running.doors

    async def send(request: Request) -> Response:
        await doors.opened.wait()
        return await doors.gateway(request)

    async def ask(request: Request, service: str, operation: str, params: Mapping[str, Any]) -> Response | None:
        await doors.opened.wait()
        return await doors.gateway.ask(request, service, operation, params)

    return Outbox(send, functools.partial(web.post, settings.reach), ask)


def _callers(
    settings: Settings, running: Running, base: Base, gate: Gate
) -> tuple[Credentialed, Callable[[str], str], KnownSigners]:
    """The keys that were issued here, the account of any, and who has signed."""
    keys = running.credentials
    if settings.is_reached:
        root_keys.learn(settings, keys.learn)
    who = functools.partial(_account_of, keys)
    may = functools.partial(permissions.may_ask, gate, keys.held)
    strict = settings.iam == "enforce"
    return keys, who, KnownSigners(keys.held, who, base.clock.wall, settings.is_reached, may, strict)


def _late_pages(
    store: Store,
    running: Running,
    env: LambdaEnv,
    sources: Sources,
    sampler: Sampler,
    links: CodeLinks,
    stacks: CloudFormationEnv,
    gate: Gate,
    token: str,
    trials: Trials,
    balancers: LoadBalancers,
    topics: Topics,
) -> dict[str, Page]:
    """Lambent's own pages that need what is made late."""
    return {
        TOPICS_PAGE: topics.page,
        SPANS: otlp.page(running.doors),
        **dict.fromkeys(UNTAKEN, otlp.refuse),
        "torture": TorturePage(token, trials),
        "load-balancers": health.page(balancers.ports.document),
        "mappings": health.page(functools.partial(mappings_document, store, sources)),
        "metrics": health.page(functools.partial(metrics_document, sampler, running.metrics)),
        "code": links.page,
        "stacks": signal_page(stacks.signals),
        "permissions": query_page.page(functools.partial(permissions.document, gate)),
        "resting": query_page.page(functools.partial(resting_document, (running.pools, running.provisioned.pools))),
        "debug": DebugPage(token, functools.partial(begin_debugging, env, running.debugging)),
    }


def _open_door(
    stack: AsyncExitStack,
    settings: Settings,
    base: Base,
    running: Running,
    env: LambdaEnv,
    queue: AsyncQueue,
    those: dict[str, Here],
    pages: dict[str, Page],
    saw: Saw,
    sites: Sites,
    gate: Gate,
    trials: Trials,
    registry: OpenRegistry,
) -> None:
    """The gateway, the short road beside it, and what listens for both."""
    here = chosen(settings, those)
    base.hatch.tasks = StateTasks(running.doors, gate, running.findings.report, base.clock.wall)
    call = functools.partial(called.call, env)
    base.hatch.triggers = PoolTriggers(call, new_id, running.findings.report, Clock()).answer
    forward = _forwarding(settings, base, running, saw, gate, trials)
    keys = running.credentials
    who = functools.partial(_account_of, keys)
    guard = _guard(settings, running, who)
    told = functools.partial(torture.hear, gate, base, trials)
    check = functools.partial(torture.check, gate, trials)
    wall, enforced, reached = base.clock.wall, settings.iam == "enforce", settings.is_reached
    doubted = functools.partial(permissions.doubt, settings, running.findings.report)
    gateway = Gateway(
        here, pages, forward, who, keys.trace_of, new_id, keys.held, guard, sites, wall, enforced, doubted, reached,
        check, told, registry.door if registry.here.items() <= here.items() else None,
    )  # fmt: skip
    running.doors.gateway = gateway
    chain = Passing(
        Reached(gateway, keys.held, REAL.wall) if reached else gateway,
        keys.held,
        functools.partial(count_said, running.metrics),
    )
    may = functools.partial(permissions.may_invoke, gate, keys.held, settings, trials.going)
    road = ShortRoads(
        _short_road(env, running, queue, who, guard.hosts, may, trials.again), sites.at_once, guard.hosts, new_id
    )
    running.doors.listener = Listener(chain, road, Intake(spool=settings.data_dir))
    stack.push_async_callback(running.doors.listener.close)


def _scaling(stack: AsyncExitStack, env: LambdaEnv, base: Base, running: Running) -> tuple[Autoscaler, Sampler]:
    """What scales provisioned concurrency, and what it goes by."""
    scaler = make_autoscaler(env, base, running.findings.report)
    sampler = Sampler(running.concurrency, running.metrics, base.clock.monotonic, base.clock.call_at, scaler.minute)
    stack.callback(sampler.close)
    return scaler, sampler


def _hosts(settings: Settings) -> Hosts:
    return Hosts(settings.host_names, addresses=settings.is_reached)


def _guard(settings: Settings, running: Running, who: Callable[[str], str]) -> Guard:
    """Who may ask at all."""
    rules = functools.partial(bucket_rules, running.doors, who)
    return Guard(_hosts(settings), frozenset(settings.origins), rules)


def _start(stack: AsyncExitStack, store: Store, base: Base, *those: Callable[[], object]) -> None:
    """What goes by the clock goes on, and what nobody needs any more is swept."""
    for start in those:
        start()
    stack.callback(Sweeper(store, base.background.spawn).close)


async def _listen(running: Running, base: Base) -> None:
    """Everything is ready: the endpoint answers."""
    await running.doors.serve(base.door)
    if base.secure is not None:
        await running.doors.serve(base.secure.door, tls=base.secure.context)


def _sites(
    stack: AsyncExitStack,
    settings: Settings,
    store: Store,
    base: Base,
    env: LambdaEnv,
    running: Running,
    signers: KnownSigners,
    balancers: Serve,
    gate: Gate,
) -> tuple[RestApis, HttpApis, Sites]:
    """The doors to functions that have host names of their own, and API Gateway's control planes."""
    roles = IntegrationRoles(gate, env.report, base.clock.wall, signers.held)
    outside = open_outside(stack, settings.reach, base, env, running.doors, roles)
    rest = open_rest_apis(store, base, env, running, outside, signers)
    http = open_http_apis(stack, store, base, env, running.findings, outside, signers)
    gate.resolved.stage_of = http.doors.websocket.connections.stage_of
    sites = Sites(_hosts(settings).is_own)
    rest.add_to(sites)
    http.add_to(sites)
    urls = FunctionUrls(env, signers, signers.may, strict=settings.iam == "enforce", fail=_site_failure)
    sites.add("lambda-url", urls.serve)
    sites.add_known("lambda-url", lambda site: urls.knows(site.id, site.region))
    sites.at_once = urls.take
    sites.add("elb", balancers)
    base.host.way_out.lead(sites.leads, functools.partial(_elsewhere, sites, env.report))
    return rest, http, sites


def _elsewhere(sites: Sites, report: Callable[[Finding], None], name: str) -> Callable[[], None] | None:
    """What to do when a name that leads functions here is found in the DNS, too: a domain name of the user's may be."""
    if not sites.is_users(name):
        return None
    text = f"functions of its account reach this endpoint by {name}, which the DNS leads elsewhere"
    hint = "as on AWS where its record is the API's; else delete the domain name, and functions reach the real one"
    return functools.partial(
        report, Finding("domain-name-elsewhere", f"arn:aws:apigateway:::/domainnames/{name}", text, hint)
    )


def _made(
    env: LambdaEnv,
    sqs: SqsEnv,
    streams: Streams,
    rest: RestApis,
    http: HttpApis,
    stacks: CloudFormationEnv,
    sts: StsEnv,
    deployments: CodeDeployEnv,
    gate: Gate,
) -> dict[str, Here]:
    """The services whose operations are given what was made for them."""
    return (
        here(LAMBDA, env)
        | here(SQS, sqs)
        | here(KINESIS, streams.env)
        | here(APIGATEWAY, rest.env)
        | here(APIGATEWAYV2, http.env)
        | here(CONNECTIONS, http.doors.websocket.connections)
        | here(CLOUDFORMATION, stacks)
        | here(CLOUDCONTROL, stacks.stacks.ports.asks)
        | here(STS, sts)
        | here(CODEDEPLOY, deployments)
        | here(CLOUDTRAIL, TrailEnv(functools.partial(permissions.records, gate)))
    )


def _pages(
    stack: AsyncExitStack,
    settings: Settings,
    store: Store,
    base: Base,
    running: Running,
    machine: Machine,
    token: str,
) -> dict[str, Page]:
    """Lambent's own pages, but those that need what is made of all this."""
    those = (running.pools, running.provisioned.pools)
    moved = base.clock.advance if isinstance(base.clock, ManualClock) else None
    live = LivePage(token, functools.partial(set_live, store, running.live, running.pools))
    stack.callback(live.close)
    return {
        "health": health.page(functools.partial(health_report, settings, base, machine, those)),
        "findings": health.page(running.findings.document),
        "credentials": _credentials_page(settings, base, running.credentials),
        "environments": query_page.page(functools.partial(lives_document, those, REAL.wall)),
        "recycle": recycle.page(functools.partial(recycle_all, (running.pools, running.provisioned))),
        "clock": clock_page.page(base.clock.document, moved),
        "live": live,
        scraping.NAME: prometheus.open_prometheus(stack, settings, base, running),
        "neighbour": neighbour_page.page(
            functools.partial(neighbour_document, base.neighbour),
            functools.partial(acknowledge, base.neighbour, running.findings),
        ),
    }


def _forwarding(settings: Settings, base: Base, running: Running, saw: Saw, gate: Gate, trials: Trials) -> Forwarding:
    """The way to the neighbour."""
    base.neighbour.holdings.tell(running.findings.report)
    base.logs.report = running.findings.report
    learn, report = running.credentials.learn, running.findings.report
    keys = UserKeys(running.keys, functools.partial(permissions.user_arn, running.doors))
    note = functools.partial(torture.hear_neighbour, gate, base, trials)
    check = MachineCheck(functools.partial(torture.check, gate, trials), gate, report, base.clock.wall)
    bounded = gate.is_bounded
    simulate = None if settings.elsewhere("iam") else Simulator(gate.identities, gate.scps)
    return Forwarding(settings, base.neighbour, running.doors, report, learn, keys, saw, check, note, bounded, simulate)


def _credentials_page(settings: Settings, base: Base, credentials: Credentialed) -> CredentialsPage:
    """It expires credentials by the clock that functions see, which may run fast: they last as long for real."""
    if tells_time(settings):
        return CredentialsPage(credentials.by_token, base.clock.wall, base.clock.scale)
    return CredentialsPage(credentials.by_token, REAL.wall)


def _events(
    settings: Settings, store: Store, base: Base, running: Running, handling: Resolve, send: Send
) -> AsyncQueue:
    """The queue of asynchronous events."""
    report, metrics = running.findings.report, running.metrics
    return AsyncQueue(
        Events(store.database),
        base.clock,
        functools.partial(running.invoker.submit, sync=False),
        handling,
        Destinations(send, report, metrics, base.clock.wall).deliver,
        base.background.spawn,
        report,
        metrics,
        _twice(settings),
    )


def _lambda_env(
    settings: Settings,
    store: Store,
    base: Base,
    running: Running,
    queue: AsyncQueue,
    links: CodeLinks,
    sources: Sources,
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
        fetch_s3=functools.partial(fetch_s3, running.doors),
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
        state_delay=settings.change_seconds,
        sleep=base.clock.sleep,
        report=report,
        withdraw=running.findings.withdraw,
        ask=functools.partial(ask_service, running.doors),
        limit_concurrency=functools.partial(plan_concurrency, store, running.concurrency, running.provisioned),
        allocation=running.provisioned.state,
        site_url=functools.partial(_site_url, running.endpoint.port),
        limits=running.limits,
        accept=queue.accept,
        count=running.metrics.add,
        trace_header=running.tracing.header,
        sources=sources,
        forward=base.neighbour.forward,
        mounts_files=base.host.level is Level.NAMESPACE,
        # Of its own, so that nothing else uses up its numbers.
        chance=random.Random(settings.seed).random,  # noqa: S311
        architecture="arm64" if platform.machine() == "aarch64" else "x86_64",
    )


def _short_road(
    env: LambdaEnv,
    running: Running,
    queue: AsyncQueue,
    who: Callable[[str], str],
    hosts: Hosts,
    may: Callable[[str, str, str], bool],
    again: Callable[[str], str],
) -> ShortRoad:
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
        hosts=hosts,
        may=may,
        record=running.tracing.header,
        again=again,
    )


async def _resume(stack: AsyncExitStack, env: LambdaEnv, queue: AsyncQueue, pushes: Pushes) -> None:
    """Go on with what the last server left unfinished. Raises StartError."""
    try:
        await queue.open()
    except StoreError as error:
        raise StartError(f"the events that wait can't be read: {error}") from error
    settling.resume(env)
    for stored in (stored_settings, concurrency, event_source_mapping, stored_only, function_url_config):
        stored.resume(env)
    try:
        await queue.start()
    except StoreError as error:
        raise StartError(f"the events that wait can't be read: {error}") from error
    # Before anything that events are run and sent by.
    stack.push_async_callback(queue.close)
    await resume_pushes(stack, pushes)


async def _open_s3(
    stack: AsyncExitStack, settings: Settings, store: Store, base: Base, running: Running, outbox: Outbox, gate: Gate
) -> Buckets:
    """The buckets, with what was under way when the server stopped going on."""
    return await open_buckets(
        stack,
        settings.data_dir,
        store,
        base,
        running.findings,
        deliveries.of_buckets(gate, outbox),
        _twice(settings),
        running.credentials.secret_of,
        functools.partial(check_destination, running.doors, functools.partial(permissions.may_configure, gate)),
    )


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
    measure_queues(stack, base, sqs)
    return sqs


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


def _site_failure(request_id: str, error: Exception) -> Response:
    """The answer of a site to an error of ours."""
    return plain_fault(request_id, ours(request_id, error))


def _twice(settings: Settings) -> Callable[[], bool]:
    """Whether the next asynchronous event is delivered two times."""
    chance = random.Random(settings.seed)  # noqa: S311
    return lambda: chance.random() < settings.duplicate_rate
