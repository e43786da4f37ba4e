"""What asks the policies, opened: whose they are asked of, and what hears of every request."""

import functools
import secrets
from collections.abc import Awaitable, Callable, Container, Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError

from lambent.engine.authorisation import document as authorisation
from lambent.engine.authorisation import principals
from lambent.engine.authorisation import resource as authorised
from lambent.engine.authorisation.decide import Ask
from lambent.gateway import accounts
from lambent.gateway.exchange import Exchange
from lambent.model.credentials import Held, Signer
from lambent.model.delivery import Delivery
from lambent.model.finding import Finding
from lambent.model.push import Push
from lambent.model.scope import DEFAULT_ACCOUNT, DEFAULT_REGION, Caller, Scope, checked_scope
from lambent.neighbour.neighbour import Neighbour
from lambent.neighbour.outbox import signed_as
from lambent.neighbour.request_model import Asked
from lambent.permissions import callers, of_code, organisation, roles, told
from lambent.permissions.attached import Attached
from lambent.permissions.gate import Gate, is_own
from lambent.permissions.identities import Identities
from lambent.permissions.ledger import Call, Trail, record
from lambent.permissions.organisation import Levels
from lambent.permissions.parameters import sent
from lambent.permissions.requests import Right
from lambent.permissions.resolved import Resolved
from lambent.server import push_roles
from lambent.server.base import Base, Doors
from lambent.server.running import Running
from lambent.services.sts.env import Granted, StsEnv, Wanted
from lambent.settings import Settings, StartError
from lambent.wire import client
from lambent.wire import service as wire_service
from lambent.wire.fault import Fault
from lambent.wire.http import Request


def open_gate(settings: Settings, base: Base, running: Running) -> Gate:
    """The gate of this server. Raises StartError."""
    ask = functools.partial(ask_service, running.doors)
    holds = functools.partial(_holds, running.doors, base.neighbour, settings)
    identities = Identities(ask, lambda: not holds("iam"))
    resources = Attached(ask, holds)
    findings = running.findings
    gate = Gate(
        settings.iam,
        identities,
        resources,
        Resolved(ask, holds),
        Trail(),
        findings.report,
        findings.withdraw,
        base.background.spawn,
        base.clock.wall,
        functools.partial(role_of, running.doors),
        _organisation(settings),
    )
    base.log_rights.bind(gate, base.logs.has_group, base.background.spawn)
    base.trace_rights.bind(gate, base.background.spawn)
    return gate


def _organisation(settings: Settings) -> Levels:
    """Raises StartError."""
    path = settings.service_control_policies
    try:
        return organisation.read(path) if path is not None else ()
    except ValueError as error:
        raise StartError(f"service_control_policies: {error}") from error


async def role_of(doors: Doors, scope: Scope, name: str) -> str:
    """A function's role, "" when there is no such function."""
    said = await ask_service(doors, "lambda", "GetFunctionConfiguration", {"FunctionName": name}, scope)
    return str((said or {}).get("Role", ""))


async def ask_service(
    doors: Doors, service_name: str, operation: str, params: Mapping[str, Any], scope: Scope
) -> dict[str, Any] | None:
    """What a service says, wherever it is answered; None for an error."""
    service = wire_service.load(service_name)
    try:
        request = client.request_of(service, operation, params, signed_as(scope, service.signing_name))
        response = await doors.gateway(request)
        if response.status >= 300:
            return None
        return client.answer_of(service, operation, response)
    except (ValueError, BotoCoreError):
        return None


def _holds(doors: Doors, neighbour: Neighbour, settings: Settings, service: str) -> bool:
    """Whether a service can hold anything: moto's can't before somebody wrote to it."""
    return settings.elsewhere(service) or service in doors.gateway.here or service in neighbour.holdings.held


async def ask_trust(gate: Gate, caller: Caller, wanted: Wanted) -> Granted:
    """What the trust policy of a role says, and who asks. Between accounts it always counts for who has a role."""
    fields = wanted.role.split(":", 5)
    if len(fields) < 6 or fields[2] != "iam" or not fields[5].startswith("role/"):
        raise Fault("ValidationError", f"{wanted.role} is invalid", status=400)
    crosses = fields[4] != caller.scope.account and not wanted.provider
    strict = gate.mode == "enforce" or (crosses and not callers.is_unbounded(caller))
    if gate.mode == "off" and not strict:
        return Granted()
    verdict, most = await gate.trusts(caller, wanted.role, wanted.action, wanted.keys, wanted.provider)
    if verdict is not None and verdict.decision.allowed:
        return Granted("", most)
    if not strict:
        gate.tell_trust(caller, wanted.role, verdict)
        return Granted("", most)
    who = callers.principal(caller).arn
    text = f"User: {who} is not authorized to perform: {wanted.action} on resource: {wanted.role}"
    return Granted(text)


async def known_id(gate: Gate, arn: str, region: str) -> str:
    """The id that IAM gave a role or user, "" for one that is not there."""
    identity = await gate.identities.find(arn, region)
    return identity.unique_id if identity is not None else ""


def sts_service(
    settings: Settings,
    gate: Gate,
    keep: Callable[[str, Held], Awaitable[None]],
    held: Callable[[str], Held | None],
    base: Base,
    who: Callable[[str], str],
) -> StsEnv:
    """What STS works with."""
    return StsEnv(
        base.clock.wall,
        keep,
        held,
        who,
        functools.partial(ask_trust, gate),
        secrets.token_bytes,
        functools.partial(known_id, gate),
        settings.web_tokens == "unverified",
    )


def may_invoke(
    gate: Gate,
    held: Callable[[str], Held | None],
    settings: Settings,
    trials: Container[str],
    access_key: str,
    arn: str,
    inside: str,
) -> bool:
    """Whether nothing is left to find out about an invocation: the short road may take it. What functions of `trials`
    (accounts) invoke goes through the chain."""
    known = held(access_key)
    if known is None:
        return not settings.is_reached and _is_usual(settings, access_key)
    if known.account in trials or known.inactive:
        return False
    if known.expires is not None or (settings.iam == "enforce" and not (known.role and inside)):
        return False  # the chain looks at its time and its signature
    return gate.is_known(access_key, "lambda:InvokeFunction", arn)


def _is_usual(settings: Settings, access_key: str) -> bool:
    """Whether nobody needs to hear of a key that was not issued here."""
    if accounts.names_account(access_key):
        return True
    return settings.iam != "enforce" and not accounts.ISSUED.fullmatch(access_key)


def doubt(settings: Settings, report: Callable[[Finding], None], access_key: str, held: Held | None) -> None:
    """A finding of a key that AWS would refuse: of one that looks as if it had been issued, or is inactive."""
    if settings.iam == "off" or not accounts.ISSUED.fullmatch(access_key):
        return
    if held is not None:
        report(Finding("key-inactive", access_key, f"AWS would refuse this key of {held.user}: it is inactive"))
        return
    text = "AWS would refuse this key: it was not issued here, or is no more. It is taken for the account's own"
    report(
        Finding("key-unknown", access_key, text, "ask with a key that IAM or STS gave here, with test, or the account")
    )


async def user_arn(doors: Doors, scope: Scope, name: str) -> str:
    """The ARN of an IAM user, "" when there is none."""
    said = await ask_service(doors, "iam", "GetUser", {"UserName": name}, scope)
    return str((said or {}).get("User", {}).get("Arn", ""))


async def may_ask(
    gate: Gate,
    held: Callable[[str], Held | None],
    signer: Signer,
    action: str,
    arn: str,
    policy: Mapping[str, Any] | None,
    keys: Mapping[str, str],
) -> bool:
    """Whether who signed may ask a door (a function URL, an API): nothing else tells them apart, so that it is denied
    in `report`, too. Of a role that is not in IAM nothing can be said: it is denied in `enforce` alone."""
    fields = arn.split(":", 5)
    if gate.mode == "off" and signer.account == fields[4]:
        return True
    known, scope = held(signer.access_key), Scope(signer.account, fields[3])
    caller = Caller(scope, "", access_key=signer.access_key, role=signer.role, held=known)
    own = authorisation.read(f"the policy of {arn}", policy) if policy is not None else None
    verdict = await gate.judge(caller, Right(action, arn, fields[4]), keys, own)
    if verdict is None:
        ask = Ask(authorised.caller(signer.account, signer.role), action, arn, fields[4], keys)
        crosses = signer.account != fields[4]
        return gate.mode != "enforce" and (not crosses or authorised.lets_in(policy or {}, ask))
    if not verdict.decision.allowed:
        gate.tell(verdict)
    return verdict.decision.allowed


async def hear(gate: Gate, base: Base, exchange: Exchange, fault: Fault | None) -> Fault | None:
    """A request of a service that is answered here has ended; answers the error that its caller sees."""
    caller, service, operation = exchange.caller, exchange.service, exchange.operation
    if caller is None or service is None or operation is None:
        return fault
    if fault is None:
        gate.done(service.name, operation)
    else:
        fault = await gate.hidden(caller, service, operation, exchange.params or {}, fault) or fault
    note(gate, base, exchange.request, caller, service, operation, exchange.params or {}, fault)
    return fault


def note(
    gate: Gate,
    base: Base,
    request: Request,
    caller: Caller,
    service: wire_service.Service,
    operation: str,
    params: Mapping[str, Any],
    fault: Fault | None = None,
) -> None:
    """A record for the trail, unless we asked ourselves."""
    if is_own(request, caller):
        return
    error, message = (fault.code, fault.message or "") if fault is not None else ("", "")
    agent = request.headers.get("user-agent", "")
    connection = request.client.number if request.client is not None else 0
    gate.trail.add(Call(base.clock.wall(), caller, service, operation, sent(params), error, message, agent, connection))


async def hear_neighbour(gate: Gate, base: Base, asked: Asked, caller: Caller, fault: Fault | None) -> Fault | None:
    """A request that the neighbour answered has ended; answers an error that its caller sees instead of the answer."""
    if asked.model is None or not asked.operation:
        return None
    hidden = None
    if fault is None:
        gate.done(asked.service, asked.operation)
    else:
        hidden = await gate.hidden(caller, asked.model, asked.operation, asked.params, fault)
    fault = hidden or fault
    note(gate, base, asked.request, caller, asked.model, asked.operation, asked.params, fault)
    return hidden


async def may_push(gate: Gate, base: Base, report: Callable[[Finding], None], push: Push) -> str:
    """Why a service may not send what it pushes, "" if it may; what is sent as a role, the role's policies decide."""
    if push.role:
        return await push_roles.may_push(gate, report, base.clock.wall, push)
    arn = push.delivery.arn
    account = arn.split(":")[4] if arn.count(":") > 4 else ""
    return await may_send(gate, push.kind, arn, account, push.delivery.target)


async def may_send(
    gate: Gate, sender: str, arn: str, account: str, target: str, more: Mapping[str, str] | None = None
) -> str:
    """Why a service may not send what `arn` of an account ("" for the target's) makes to a function, queue or topic, ""
    if it may; in `report` a finding says it. `more` are further keys of conditions that the service sends."""
    fields = target.split(":", 5)
    action = roles.SENDING.get(fields[2]) if len(fields) == 6 else None
    if action is None or gate.mode == "off":
        return ""
    scope = Scope(fields[4], fields[3])
    keys = {"aws:sourcearn": arn, "aws:sourceaccount": account or scope.account, **(more or {})}
    verdict = await gate.is_allowed(principals.service(f"{sender}.amazonaws.com"), action, target, scope, keys)
    if verdict.decision.allowed:
        return ""
    gate.tell(verdict)
    return verdict.explanation.text if gate.mode == "enforce" else ""


async def may_configure(gate: Gate, sender: str, arn: str, account: str, target: str) -> str:
    """Why it makes no sense that something of an account is told to send there, "" if it does: as `may_send` within the
    account, and as `may_cross` beyond it, since nothing would arrive."""
    fields = target.split(":", 5)
    if len(fields) == 6 and fields[4] not in ("", account):
        return await _crosses(gate, arn, account, target)
    return await may_send(gate, sender, arn, account, target)


async def may_cross(gate: Gate, delivery: Delivery) -> str:
    """Why another account's function, queue, topic or bus does not take what is delivered, "" if it does. In every
    mode: by its policy, which has to let in the service that sends or the sender's account."""
    return await _crosses(gate, delivery.arn, delivery.scope.account, delivery.target)


async def _crosses(gate: Gate, arn: str, account: str, target: str) -> str:
    fields = target.split(":", 5)
    action, scope = roles.SENDING.get(fields[2]), Scope(fields[4], fields[3])
    if action is None:
        return f"{target} is another account's"
    keys = {"aws:sourcearn": arn, "aws:sourceaccount": account}
    sender = principals.service(f"{arn.split(':')[2]}.amazonaws.com")
    for who in (principals.root(account), sender):
        verdict = await gate.is_allowed(who, action, target, scope, keys)
        if verdict.decision.allowed:
            return ""
    return verdict.explanation.text


async def document(gate: Gate, asked: Mapping[str, str]) -> Mapping[str, Any] | None:
    """What the page says. Raises ValueError for what it is not asked."""
    if "why" in asked:
        return told.why(gate, asked["why"])
    if "trail" in asked:
        return told.trail(gate, asked["trail"])
    if "policy" in asked:
        scope = checked_scope(asked.get("account", DEFAULT_ACCOUNT), asked.get("region", DEFAULT_REGION))
        calls = of_code.read(asked["body"]) if asked.get("body") else ()
        return await told.policy(gate, scope, asked["policy"], calls)
    if "calls" in asked:
        after = asked.get("after", "0")
        return told.calls(gate, asked["calls"], int(after) if after.isdecimal() and len(after) < 19 else 0)
    raise ValueError("why, trail, calls or policy is needed")


def records(gate: Gate, account: str) -> Iterator[dict[str, Any]]:
    """The calls of an account as CloudTrail has them."""
    return map(record, gate.trail.calls(account))
