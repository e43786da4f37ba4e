"""Function URL configs: one for a function, one for each of its aliases. Texts are recorded unless a comment says
otherwise."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lambent.model.finding import Finding
from lambent.model.function import LATEST
from lambent.model.names import FunctionRef, function_arn
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.qualifiers import version_of
from lambent.store.resources import Resource

KIND = "function-url"
SETTINGS = ("AuthType", "Cors", "InvokeMode")
PUBLIC, OPEN_CORS, LEFT = "url-public", "url-credentials-any-origin", "url-without-alias"
"""The findings' codes."""
METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "*")


def meant(caller: Caller, params: Mapping[str, Any]) -> FunctionRef:
    """The function or alias of a request."""
    return refer(caller.scope, params["FunctionName"], params.get("Qualifier"))


def require_target(env: LambdaEnv, ref: FunctionRef) -> None:
    """Raise 404 when there is no such function or alias."""
    if version_of(env, ref.scope, ref.name, ref.qualifier or LATEST) is None:
        raise faults.not_found("Function does not exist")


def find(env: LambdaEnv, ref: FunctionRef) -> Resource:
    """The config. Raises 404."""
    config = env.resources.get(KIND, ref.scope, ref.name, ref.qualifier or "")
    if config is None:
        raise faults.not_there()
    return config


def check(params: Mapping[str, Any]) -> None:
    """Raise Fault for CORS settings that AWS refuses."""
    cors = params.get("Cors") or {}
    if "AllowOrigins" in cors and not cors["AllowOrigins"]:
        # Source of the words: https://github.com/anomalyco/ion/pull/229
        raise faults.invalid("You can't leave AllowOrigins as empty when Cors is enabled.")
    for method in cors.get("AllowMethods") or ():
        if method not in METHODS:
            # The second sentence: https://github.com/Worklytics/psoxy/pull/911; the first is our own.
            raise faults.invalid(
                f"Invalid method {method} in AllowMethods. You can use GET, PUT, POST, DELETE, HEAD, PATCH, and the "
                "wildcard character (*)."
            )


def applied(said: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """The config with the settings that were sent; empty CORS settings take away those that are there. AWS keeps the
    headers that are allowed in lower case:
    https://github.com/aws/serverless-application-model/blob/develop/integration/single/test_basic_function.py"""
    settings = dict(said) | {member: params[member] for member in SETTINGS if params.get(member) is not None}
    cors = settings.get("Cors")
    if not cors:
        settings.pop("Cors", None)
    elif cors.get("AllowHeaders"):
        settings["Cors"] = {**cors, "AllowHeaders": [name.lower() for name in cors["AllowHeaders"]]}
    return settings


def stamp(now: float) -> str:
    """CreationTime and LastModifiedTime, of `now` in seconds since 1970."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def answer(env: LambdaEnv, config: Resource) -> dict[str, Any]:
    """FunctionUrlConfig, InvokeMode only if it was ever set."""
    said = {member: value for member, value in config.document.items() if member != "UrlId"}
    return said | {
        "FunctionArn": function_arn(config.scope, config.parent, config.name or None),
        "FunctionUrl": env.site_url(f"{config.document['UrlId']}.lambda-url.{config.scope.region}"),
    }


def shown(env: LambdaEnv, config: Resource) -> dict[str, Any]:
    """The same as Get and List answer it: InvokeMode always."""
    return {"InvokeMode": "BUFFERED"} | answer(env, config)


def advise(env: LambdaEnv, scope: Scope, function: str) -> None:
    """Say what is worth knowing of the URLs of a function; what is no longer so is taken back."""
    for code in (PUBLIC, OPEN_CORS, LEFT):
        env.withdraw(function_arn(scope, function), code)
    for config in env.resources.children(KIND, scope, function):
        _advise(env, config)


def _advise(env: LambdaEnv, config: Resource) -> None:
    arn, said = function_arn(config.scope, config.parent, config.name or None), config.document
    if version_of(env, config.scope, config.parent, config.name or LATEST) is None:
        env.report(Finding(LEFT, arn, "The alias of the function URL is gone: every request to it is refused (403)."))
        return
    if said["AuthType"] == "NONE":
        text = "The function URL has AuthType NONE: whoever knows it invokes the function, as often as they like."
        hint = "AuthType AWS_IAM asks for signatures; reserved concurrency bounds what strangers can cost."
        env.report(Finding(PUBLIC, arn, text, hint))
    cors = said.get("Cors") or {}
    if cors.get("AllowCredentials") and "*" in cors.get("AllowOrigins", ()):
        text = "The function URL lets pages of every origin ask with the user's credentials."
        env.report(Finding(OPEN_CORS, arn, text, "List the origins that may in AllowOrigins."))


def miss(env: LambdaEnv, ref: FunctionRef) -> None:
    """An alias is gone; its URL stays, as on AWS (recorded)."""
    config = env.resources.get(KIND, ref.scope, ref.name, ref.version)
    if config is not None:
        _advise(env, config)


def resume(env: LambdaEnv) -> None:
    """At the start: say it of all that are stored."""
    for resource in env.resources:
        if resource.kind == KIND:
            _advise(env, resource)
