"""Custom authentication: define, create and verify auth challenge triggers, which moto knows nothing of.

What the triggers have said so far is kept with the pool, so that it lasts as the pool does.
Sources: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-challenge.html,
user-pool-lambda-define-auth-challenge.html, user-pool-lambda-create-auth-challenge.html,
user-pool-lambda-verify-auth-challenge-response.html
"""

import time
import uuid
from typing import Any

from lambent.neighbour.bridges.pools import events
from lambent.neighbour.bridges.pools.asking import Asked, fault, unrecognised

CUSTOM = "CUSTOM_CHALLENGE"
DEFINE, CREATE, VERIFY = "DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"
MINUTES = 3
"""How long a session is good for, where the client says nothing else (AuthSessionValidity)."""
MOST = 1000
"""Sessions of a pool that are kept: the oldest goes."""
NOT_CONFIGURED = "Custom auth lambda trigger is not configured for the user pool."
WRONG = "Incorrect username or password."
NO_SESSION = "Invalid session for the user."


def begin(asked: Asked, name: str) -> dict[str, Any]:
    """InitiateAuth with CUSTOM_AUTH: its answer. Raises JsonRESTError, NotImplementedError."""
    said = asked.params.get("AuthParameters") or {}
    if said.get("CHALLENGE_NAME") == "SRP_A" or said.get("SRP_A"):
        raise NotImplementedError("SRP_A in CUSTOM_AUTH: moto verifies no passwords by SRP")
    if not asked.has(DEFINE):
        raise fault("InvalidParameterException", NOT_CONFIGURED)
    _check_secret(asked, name, said)
    user = _user(asked, name)
    return _go_on(asked, user, [])


def answer(asked: Asked) -> dict[str, Any]:
    """RespondToAuthChallenge with CUSTOM_CHALLENGE: its answer. Raises JsonRESTError."""
    said = asked.params.get("ChallengeResponses") or {}
    kept = _sessions(asked.pool).pop(str(asked.params.get("Session")), None)
    if kept is None or kept["client"] != asked.client or kept["until"] < time.time():
        raise fault("NotAuthorizedException", NO_SESSION)
    if "ANSWER" not in said:
        raise fault("InvalidParameterException", "Missing required parameter ANSWER")
    user = _user(asked, kept["user"])
    _check_secret(asked, str(said.get("USERNAME", user.username)), said)
    request = {
        "userAttributes": events.attributes(user),
        "privateChallengeParameters": kept["private"],
        "challengeAnswer": said["ANSWER"],
        **asked.metadata,
        **hidden(asked),
    }
    verified = asked.call(VERIFY, f"{VERIFY}_Authentication", user.username, request)
    result = {"challengeName": CUSTOM, "challengeResult": bool(verified.get("answerCorrect"))}
    return _go_on(asked, user, [*kept["rounds"], {**result, "challengeMetadata": kept["metadata"]}])


def hidden(asked: Asked) -> dict[str, bool]:
    """`userNotFound`, where the client doesn't say who exists."""
    client = asked.pool.clients.get(asked.params.get("ClientId"))
    prevents = client is not None and client.extended_config.get("PreventUserExistenceErrors") == "ENABLED"
    return {"userNotFound": False} if prevents else {}


def _go_on(asked: Asked, user: Any, rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """What the define trigger makes of the rounds so far: tokens, an end, or another challenge."""
    request = _request(asked, user, rounds)
    said = asked.call(DEFINE, f"{DEFINE}_Authentication", user.username, request)
    if said.get("failAuthentication"):
        raise fault("NotAuthorizedException", WRONG)
    if said.get("issueTokens"):
        client = asked.pool.clients[asked.client]
        answer: dict[str, Any] = asked.pool.backend._log_user_in(asked.pool, client, user.username)
        return answer
    name = said.get("challengeName")
    if name == CUSTOM:
        return _create(asked, user, rounds)
    if not name:
        raise unrecognised()
    raise NotImplementedError(f"the challenge {name} in CUSTOM_AUTH: only {CUSTOM} is made here")


def _request(asked: Asked, user: Any, rounds: list[dict[str, Any]]) -> dict[str, Any]:
    return {"userAttributes": events.attributes(user), "session": rounds, **asked.metadata, **hidden(asked)}


def _create(asked: Asked, user: Any, rounds: list[dict[str, Any]]) -> dict[str, Any]:
    if not asked.has(CREATE):
        raise fault("InvalidParameterException", NOT_CONFIGURED)
    request = {"challengeName": CUSTOM, **_request(asked, user, rounds)}
    said = asked.call(CREATE, f"{CREATE}_Authentication", user.username, request)
    session = str(uuid.uuid4())
    lasts = asked.pool.clients[asked.client].extended_config.get("AuthSessionValidity") or MINUTES
    sessions = _sessions(asked.pool)
    sessions[session] = {
        "user": user.username,
        "client": asked.client,
        "until": time.time() + 60 * lasts,
        "private": said.get("privateChallengeParameters") or {},
        "metadata": said.get("challengeMetadata"),
        "rounds": rounds,
    }
    while len(sessions) > MOST:
        sessions.pop(next(iter(sessions)))
    public = {str(key): str(value) for key, value in (said.get("publicChallengeParameters") or {}).items()}
    return {"ChallengeName": CUSTOM, "Session": session, "ChallengeParameters": {**public, "USERNAME": user.username}}


def _sessions(pool: Any) -> dict[str, Any]:
    """Of a pool of moto's, which keeps no such thing itself."""
    found: dict[str, Any] = vars(pool).setdefault("lambent_sessions", {})
    return found


def _user(asked: Asked, name: str) -> Any:
    user = asked.pool._get_user(name)
    if user is None:
        raise fault("UserNotFoundException", "User does not exist.")
    if not user.enabled:
        raise fault("NotAuthorizedException", "User is disabled.")
    if str(getattr(user.status, "value", user.status)) == "UNCONFIRMED":
        raise fault("UserNotConfirmedException", "User is not confirmed.")
    return user


def _check_secret(asked: Asked, name: str, said: dict[str, Any]) -> None:
    """Raises JsonRESTError for a client with a secret that the caller doesn't know."""
    from moto.cognitoidp.utils import check_secret_hash

    client = asked.pool.clients[asked.client]
    if client.generate_secret and not check_secret_hash(client.secret, client.id, name, said.get("SECRET_HASH")):
        raise fault("NotAuthorizedException", f"Unable to verify secret hash for client {client.id}")
