"""Topics, opened: their registry, what signs messages, the page of its certificate."""

import functools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lambent.gateway.chain import Page
from lambent.gateway.exchange import Here
from lambent.observe.findings import Ledger
from lambent.permissions import callers
from lambent.server.base import Base, Doors, new_id
from lambent.server.destinations import exists
from lambent.server.here import here
from lambent.services.sns import findings
from lambent.services.sns.env import SnsEnv
from lambent.services.sns.service import SERVICE
from lambent.services.xray.resource_policies import lets_send
from lambent.settings import StartError
from lambent.store.resources import Resources
from lambent.topics.publishing import AddPushes, Ports, Publisher
from lambent.topics.registry import Registry
from lambent.topics.signing import Signer
from lambent.wire.http import Request, Response

KEY = "sns.pem"
"""In the data folder: what was signed before a restart is checked by the same certificate."""
PAGE = "sns"
TOKEN_BYTES = 128


@dataclass(frozen=True, slots=True)
class Topics:
    """SNS, and the page that serves its certificate."""

    here: dict[str, Here]
    page: Page


def open_topics(
    data_dir: Path, resources: Resources, base: Base, doors: Doors, ledger: Ledger, add: AddPushes
) -> Topics:
    """Raises StartError."""
    try:
        signer = Signer(data_dir / KEY)
    except (OSError, ValueError) as error:
        raise StartError(f"{data_dir / KEY} can't be used: {error}; move it away to have another one made") from error
    registry = Registry(resources, new_id)
    certificate = f"{base.url}/_lambent/{PAGE}/"
    ports = Ports(
        add, signer.sign, base.clock.wall, new_id, _numbers(), base.url, lambda: certificate + signer.keys.name
    )
    env = SnsEnv(
        registry,
        Publisher(registry, ports),
        base.clock.wall,
        functools.partial(exists, doors),
        lambda caller: callers.principal(caller).arn,
        lambda: secrets.token_hex(TOKEN_BYTES),
        ledger.report,
        ledger.withdraw,
        base.traces.add,
        lambda topic: lets_send(resources, topic.scope, "sns.amazonaws.com", topic.arn),
    )
    for topic in registry:
        findings.tell_topic(env, topic)
        for one in registry.subscriptions(topic.arn):
            findings.tell_subscription(env, one)
    return Topics(here(SERVICE, env), certificate_page(signer))


def certificate_page(signer: Signer) -> Page:
    """What SigningCertURL leads to."""

    async def answer(request: Request) -> Response:
        keys = signer.made
        if keys is None or request.path != f"/_lambent/{PAGE}/{keys.name}":
            return Response(404, [("Content-Type", "text/plain")], b"no such certificate\n")
        return Response(200, [("Content-Type", "application/x-pem-file")], keys.certificate)

    return answer


def _numbers() -> Callable[[], int]:
    """Ever higher numbers: the machine's time lies above all that the last server gave."""
    last = time.time_ns() // 1000

    def following() -> int:
        nonlocal last
        last += 1
        return last

    return following
