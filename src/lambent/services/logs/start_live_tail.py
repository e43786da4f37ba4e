"""StartLiveTail: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html

SDKs put `stream-` (`streaming-` before April 2026) before the endpoint's host name, which leads here by AWS's names.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.observe.filterpattern import PatternError, compile_pattern
from lambent.observe.live_tail import SESSION_SECONDS, Seen, Session
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import invalid, worded
from lambent.services.logs.names import from_identifier, group_arn
from lambent.wire.fault import Fault

Event = dict[str, dict[str, Any]]
ECHOED = ("logGroupIdentifiers", "logStreamNames", "logStreamNamePrefixes", "logEventFilterPattern")


async def start_live_tail(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Begin a session; it ends when the client goes, or after three hours by the platform's clock."""
    session = Session(caller.scope, _groups(env, caller, params), _wanted(params), _matches(params))
    if env.tails.full(caller.scope):
        raise Fault("LimitExceededException", "The limit of concurrent Live Tail sessions has been reached.")
    start = {name: params.get(name, [] if name != ECHOED[-1] else "") for name in ECHOED}
    start |= {"requestId": caller.request_id, "sessionId": env.new_id()}
    return {"responseStream": _events(env, session, start)}


def _groups(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> frozenset[str]:
    """Their names. Raises Fault."""
    identifiers = params["logGroupIdentifiers"]
    if any(not one.startswith("arn:") or one.endswith("*") for one in identifiers):
        raise invalid("Each log group identifier must be an ARN that does not end with an asterisk.")  # our wording
    groups = frozenset(from_identifier(caller.scope, one) for one in identifiers)
    with worded():
        for group in groups:
            env.store.group(caller.scope, group)
    return groups


def _wanted(params: dict[str, Any]) -> Callable[[str], bool]:
    names, prefixes = params.get("logStreamNames"), params.get("logStreamNamePrefixes")
    if names and prefixes:
        raise invalid("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.")
    if (names or prefixes) and len(params["logGroupIdentifiers"]) > 1:
        raise invalid("Log streams can be chosen of a single log group only.")  # our wording
    if names:
        return frozenset(names).__contains__
    begins = tuple(prefixes or ("",))
    return lambda name: name.startswith(begins)


def _matches(params: dict[str, Any]) -> Callable[[str], bool]:
    try:
        return compile_pattern(params.get("logEventFilterPattern", ""))
    except PatternError as error:
        raise invalid(str(error)) from error


async def _events(env: LogsEnv, session: Session, start: dict[str, Any]) -> AsyncIterator[Event]:
    until = env.clock() + SESSION_SECONDS
    env.tails.begin(session)
    try:
        yield {"sessionStart": start}
        while env.clock() < until:
            found, sampled = await env.tails.update(session)
            shown = [_shown(session, one) for one in found]
            yield {"sessionUpdate": {"sessionMetadata": {"sampled": sampled}, "sessionResults": shown}}
        raise Fault("SessionTimeoutException", "The Live Tail session has been open for three hours.")  # our wording
    finally:
        env.tails.end(session)


def _shown(session: Session, seen: Seen) -> dict[str, Any]:
    return {
        "logGroupIdentifier": group_arn(session.scope, seen.news.group),
        "logStreamName": seen.news.stream,
        "timestamp": seen.timestamp,
        "ingestionTime": seen.news.ingested,
        "message": seen.message,
    }
