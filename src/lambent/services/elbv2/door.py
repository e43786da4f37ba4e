"""The door of load balancers: a request to `NAME.REGION.elb.…` goes through a listener's rules to a function.

Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html and
…/load-balancer-troubleshooting.html. Not served: authentication actions, targets that are no functions.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from lambent.clock import Clock
from lambent.http_events import alb, alb_attributes, alb_stickiness
from lambent.http_events.alb import Action, Balancer, TargetGroup
from lambent.http_events.payload_v2 import Malformed, Reply
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.finding import Finding
from lambent.model.invocation import Outcome, RestoreFailed, Throttled
from lambent.services.door_findings import near
from lambent.services.elbv2 import health
from lambent.services.waiting import within
from lambent.wire.fault import Fault
from lambent.wire.http import Response
from lambent.wire.site import SiteRequest

SERVICE = health.SERVICE
MALFORMED, REFUSED, NOT_SERVED, LATE = (
    "load-balancer-answer-malformed",
    "load-balancer-permission",
    "load-balancer-not-served",
    "load-balancer-timeout",
)
"""The findings' codes."""


class NotServed(Exception):
    """What this does not do; the text says what."""


@dataclass(frozen=True, slots=True)
class Ports:
    """`find` answers the balancer of a name, in a region ("": any), or that of a listener's ARN ("": the one that takes
    what comes by name); None when there is none. `call` runs a function for a door. `draw` answers a number from 0 up
    to, but not, 1."""

    find: Callable[[str, str, str], Awaitable[Balancer | None]]
    clock: Clock
    call: Callable[[Door, Call], Awaitable[Outcome]]
    new_trace_id: Callable[[str], str]
    report: Callable[[Finding], None]
    draw: Callable[[], float]


class BalancerDoor:
    """All load balancers, by their names."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        actions = {"forward": self._forward, "fixed-response": _fixed, "redirect": _redirect}
        self._actions: Mapping[str, Callable[[Balancer, Action, SiteRequest], Awaitable[Reply]]] = actions

    async def serve(self, request: SiteRequest) -> Response | None:
        """Answer a request; None for a name that nobody has. Raises Fault (501) for what is not served."""
        balancer = await self._ports.find(request.id, request.region, request.listener)
        if balancer is None:
            return None
        status = 400 if request.upgrade else alb.oversized(request)  # functions have no WebSockets
        if status:
            return _response(alb.page(status))
        if request.method == "TRACE":  # not supported (load-balancer-troubleshooting.html)
            return _response(alb.page(405))
        action = alb.chosen(balancer, request)
        if action is None:
            return _response(alb.page(503))
        answer = self._actions.get(str(action.get("Type")))
        try:
            if answer is None:
                raise NotServed(f"actions of the type {action.get('Type')}")
            reply = await answer(balancer, action, request)
            return _response(
                replace(reply, headers=alb_attributes.answered(reply.headers, balancer.listener_attributes))
            )
        except NotServed as error:
            text = f"Lambent does not serve {error} of load balancers."
            self._ports.report(Finding(NOT_SERVED, balancer.arn, text))
            raise Fault("NotImplementedException", text, status=501) from error

    async def _forward(self, balancer: Balancer, action: Action, request: SiteRequest) -> Reply:
        now = self._ports.clock.wall()
        kept = alb_stickiness.group_of(action, balancer.arn, request.headers, now)
        arn = kept or alb.target_of(action, self._ports.draw())
        reply = await self._by(balancer, arn, request)
        return replace(reply, headers=[*reply.headers, *alb_stickiness.cookies(action, balancer.arn, arn, now)])

    async def _by(self, balancer: Balancer, arn: str, request: SiteRequest) -> Reply:
        """What a target group answers."""
        group = balancer.groups.get(arn)
        if group is not None and group.kind != "lambda":
            raise NotServed(f"targets of the type {group.kind}")
        if group is None or not group.function:
            return alb.page(503)
        if request.length > alb.BODY_BYTES:
            return alb.page(413)
        try:
            outcome = await self._called(balancer, group, request)
            if outcome.error is not None:
                return alb.page(502)
            self._notice(group, "A request to a load balancer", request.length)
            self._notice(group, "An answer to a load balancer", len(outcome.payload))
            return alb.reply(outcome.payload, group)
        except NotPermitted as error:
            what = f"--action lambda:InvokeFunction --principal {SERVICE} --source-arn {group.arn}"
            hint = f"aws lambda add-permission {what}"
            self._ports.report(Finding(REFUSED, group.function, f"A load balancer got 502: {error}.", hint))
        except Malformed as error:
            text = f"An answer of the function became 502 (Bad Gateway) at a load balancer: {error}."
            self._ports.report(Finding(MALFORMED, group.function, text))
        except TimeoutError:
            self._ports.report(_late(balancer, group))
            return alb.page(504)
        except (Fault, Throttled, RestoreFailed):
            pass
        return alb.page(502)

    def _notice(self, group: TargetGroup, what: str, size: int) -> None:
        found = near(group.function, what, size, alb.BODY_BYTES)
        if found is not None:
            self._ports.report(found)

    async def _called(self, balancer: Balancer, group: TargetGroup, request: SiteRequest) -> Outcome:
        given = request.named.get("x-amzn-trace-id")
        trace_id = given or self._ports.new_trace_id(request.request_id)
        payload = alb.event(request, group, trace_id, balancer.port, balancer.attributes)
        door = Door(SERVICE, group.arn, balancer.account, balancer.region)
        work = self._ports.call(door, Call(group.function, payload, request.request_id, trace_id))
        return await within(self._ports.clock, balancer.idle_seconds, work)


def _late(balancer: Balancer, group: TargetGroup) -> Finding:
    return Finding(
        LATE,
        group.function,
        f"{balancer.arn} answered 504 after {balancer.idle_seconds:g} s (idle timeout) while the function ran on: a "
        "client that tries again makes it do its work twice.",
        "Give the function a shorter timeout, or raise idle_timeout.timeout_seconds of the load balancer.",
    )


async def _fixed(_balancer: Balancer, action: Action, _request: SiteRequest) -> Reply:
    return alb.fixed(action)


async def _redirect(balancer: Balancer, action: Action, request: SiteRequest) -> Reply:
    return alb.redirect(action, request, balancer.port)


def _response(reply: Reply) -> Response:
    return Response(reply.status, list(reply.headers), reply.body)
