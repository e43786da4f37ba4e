"""Load balancers as moto tells of them: read once for many, again when something may have changed."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import parse_qs

from lambent.http_events.alb import Balancer, HealthCheck
from lambent.model.scope import Caller, Scope
from lambent.neighbour.neighbour import Neighbour
from lambent.server.balancer_reading import Reader
from lambent.server.balancers import KEPT_SECONDS, Balancers
from lambent.wire.http import Request, Response

XMLNS = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
MEMBERS = {
    "DescribeLoadBalancers": "<LoadBalancers><member><LoadBalancerArn>lb</LoadBalancerArn><DNSName>LB-1.x.elb</DNSName>"
    "</member></LoadBalancers>",
    "DescribeListeners": "<Listeners><member><ListenerArn>l2</ListenerArn><Port>8080</Port><Protocol>HTTP</Protocol>"
    "</member><member><ListenerArn>l1</ListenerArn><Port>80</Port><Protocol>HTTP</Protocol></member></Listeners>",
    "DescribeRules": "<Rules><member><Priority>default</Priority><Actions><member><Type>forward</Type>"
    "<TargetGroupArn>g</TargetGroupArn></member>"
    "</Actions></member><member><Priority>2</Priority><Conditions><member><Field>path-pattern</Field></member></Conditions></member>"
    "<member><Priority>1</Priority></member></Rules>",
    "DescribeTargetGroups": "<TargetGroups><member><TargetGroupArn>g</TargetGroupArn><TargetType>lambda</TargetType>"
    "<HealthCheckEnabled>true</HealthCheckEnabled><HealthCheckPath>/up</HealthCheckPath><Matcher><HttpCode>200-299"
    "</HttpCode></Matcher>"
    "</member><member><TargetGroupArn>i</TargetGroupArn><TargetType>ip</TargetType></member></TargetGroups>",
    "DescribeTargetHealth": "<TargetHealthDescriptions><member><Target><Id>arn:f</Id></Target></member>"
    "</TargetHealthDescriptions>",
    "DescribeLoadBalancerAttributes": "<Attributes><member><Key>idle_timeout.timeout_seconds</Key><Value>90</Value>"
    "</member></Attributes>",
    "DescribeListenerAttributes": "<Attributes><member><Key>routing.http.response.server.enabled</Key>"
    "<Value>false</Value></member></Attributes>",
    "DescribeTargetGroupAttributes": "<Attributes><member><Key>lambda.multi_value_headers.enabled</Key>"
    "<Value>true</Value></member></Attributes>",
}


class Moto:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def forward(self, request: Request, _caller: Caller, service: str) -> Response:
        form = parse_qs(request.body.decode())
        action = form["Action"][0]
        assert service == "elbv2"
        self.asked.append(action + "".join(form.get("ListenerArn", ())))
        await asyncio.sleep(0)
        xml = f"<{action}Response xmlns='{XMLNS}'><{action}Result>{MEMBERS[action]}</{action}Result></{action}Response>"
        return Response(200, [], xml.encode())


def caller() -> Caller:
    return Caller(Scope("1", "us-east-1"), "")


def made(moto: Moto, now: list[float], told: list[Sequence[Balancer]]) -> Balancers:
    async def hear(_scope: Scope, found: Sequence[Balancer]) -> None:
        told.append(found)

    read = Reader(cast(Neighbour, cast(Any, moto))).read
    return Balancers(read, hear, asyncio.ensure_future, lambda: now[0])


def test_a_balancer_is_read_once_for_many_and_again_after_a_change() -> None:
    async def run() -> None:
        moto, now = Moto(), [0.0]
        balancers = made(moto, now, [])
        assert await balancers.find("lb-1", "us-east-1") is None
        balancers.saw("elbv2", Request("POST", "/", body=b"Action=DescribeListeners"), caller())
        assert await balancers.find("lb-1", "eu-west-1") is None
        assert moto.asked == []
        found = await asyncio.gather(*(balancers.find("lb-1", region) for region in ("us-east-1", "", "us-east-1")))
        assert found[0] is not None
        assert found[0] is found[1] is found[2]
        assert (found[0].port, moto.asked.count("DescribeRulesl1"), len(moto.asked)) == (80, 1, 10)
        assert found[0].listener_attributes == {"routing.http.response.server.enabled": "false"}
        assert [len(rule.conditions) for rule in found[0].rules] == [0, 1, 0]
        group = found[0].groups["g"]
        assert (group.function, group.multi_value, found[0].groups["i"].kind) == ("arn:f", True, "ip")
        assert (found[0].idle_seconds, group.check) == (90.0, HealthCheck("/up", 35.0, 30.0, 5, 2, "200-299"))
        other = await balancers.find("lb-1", "", "l2")
        assert other is not None
        assert (other.port, other.targets, await balancers.used(caller(), "g")) == (8080, {"g"}, group)
        now[0] = KEPT_SECONDS + 0.1
        await balancers.find("lb-1", "")
        balancers.saw("elbv2", Request("POST", "/"), caller())
        await balancers.find("lb-1", "")
        assert moto.asked.count("DescribeRulesl1") == 3

    asyncio.run(run())


def test_a_change_is_followed_before_anybody_asks_and_what_was_read_before_it_does_not_count() -> None:
    async def run() -> None:
        moto, told = Moto(), list[Sequence[Balancer]]()
        balancers = made(moto, [0.0], told)
        balancers.saw("elbv2", Request("POST", "/", body=b"Action=DescribeRules"), caller())
        await asyncio.sleep(0)
        assert told == []
        balancers.saw("elbv2", Request("POST", "/", body=b"Action=CreateListener"), caller())
        for _ in range(3):  # reading has begun
            await asyncio.sleep(0)
        balancers.saw("elbv2", Request("POST", "/", body=b"Action=DeleteListener"), caller())
        for _ in range(100):
            await asyncio.sleep(0)
        assert [len(found) for found in told] == [2, 2]

    asyncio.run(run())


def test_what_was_there_before_the_start_is_followed_before_anybody_asks() -> None:
    async def run() -> None:
        moto, told = Moto(), list[Sequence[Balancer]]()
        balancers = made(moto, [0.0], told)
        balancers.resume([caller().scope])
        for _ in range(100):
            await asyncio.sleep(0)
        assert [len(found) for found in told] == [2]
        assert await balancers.find("lb-1", "") is not None

    asyncio.run(run())


def test_nobody_waits_for_the_many_listeners_of_another_account() -> None:
    mine, theirs = Scope("111111111111", "us-east-1"), Scope("222222222222", "us-east-1")
    arn = "arn:aws:elasticloadbalancing:us-east-1:111111111111:listener/app/web/1/2"

    async def read(scope: Scope) -> Sequence[Balancer]:
        if scope == theirs:
            await asyncio.Event().wait()
        return [Balancer("lb", scope.account, scope.region, 80, "HTTP", (), {}, "web-1", arn)]

    async def hear(_scope: Scope, _found: Sequence[Balancer]) -> None:
        pass

    async def run() -> None:
        now = [0.0]
        balancers = Balancers(read, hear, asyncio.ensure_future, lambda: now[0])
        balancers.resume([theirs, mine])
        for place in (("web-1", "us-east-1", arn), ("web-1", "us-east-1"), ("web-1", "")):
            assert await asyncio.wait_for(balancers.find(*place), 1) is not None
            now[0] += KEPT_SECONDS + 0.1

    asyncio.run(run())
