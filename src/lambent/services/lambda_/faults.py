"""The Lambda API's refusals, in AWS's words (from recorded answers unless a comment says otherwise)."""

import math
from typing import Any

from lambent.engine.authorisation.resource import not_let_in
from lambent.model.constraints import broken
from lambent.model.invocation import RestoreFailed, Throttled
from lambent.wire.fault import Fault

_USER = {"Type": "User"}


def invalid(message: str) -> Fault:
    """400 InvalidParameterValueException."""
    return Fault("InvalidParameterValueException", message, members=_USER)


def unsupported(setting: str) -> Fault:
    """A setting that AWS has and Lambent refuses, rather than ignore it."""
    return invalid(f"{setting} is not supported by Lambent yet; it would have no effect here, so it is refused.")


def functions_only() -> Fault:
    """A version or an alias where only a function will do, as recorded of PutFunctionConcurrency."""
    return invalid(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
        "Please specify either a function name or an unqualified function ARN."
    )


def conflict(message: str) -> Fault:
    """409 ResourceConflictException."""
    return Fault("ResourceConflictException", message, members=_USER)


def function_exists(name: str) -> Fault:
    """Create of a name that is taken."""
    return conflict(f"Function already exist: {name}")


def update_in_progress(arn: str) -> Fault:
    """A change while another one is under way."""
    return conflict("The operation cannot be performed at this time. An update is in progress for resource: " + arn)


def not_active(state: str) -> Fault:
    """A change of a function that is not there yet, or no more."""
    return conflict(
        f"The operation cannot be performed at this time. The function is currently in the following state: {state}"
    )


def not_found(message: str) -> Fault:
    """404 ResourceNotFoundException."""
    return Fault("ResourceNotFoundException", message, members=_USER)


def function_not_found(arn: str) -> Fault:
    """No function, or no such version of it."""
    return not_found(f"Function not found: {arn}")


def stale_revision() -> Fault:
    """412: the RevisionId sent is not the current one."""
    return Fault(
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. "
        "Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
        members=_USER,
    )


def too_large_entity(message: str) -> Fault:
    """413, a code that the service model does not list."""
    return Fault("RequestEntityTooLargeException", message, status=413)


def code_storage_exceeded() -> Fault:
    """The account's code storage is used up. Source: API reference, CodeStorageExceededException."""
    return Fault("CodeStorageExceededException", "Code storage limit exceeded.", members=_USER)


def name_too_long(text: str, maximum: int) -> Fault:
    """400: a function name over the quota, where the model's own bound is wider."""
    return invalid(
        broken(f"Value '{text}'", "functionName", f"Member must have length less than or equal to {maximum}")
    )


def s3_refused(code: str, message: str) -> Fault:
    """The package could not be read from its bucket; `code` and `message` are S3's."""
    return invalid(f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}")


def ec2_refused(action: str, code: str, message: str) -> Fault:
    """Subnets or security groups could not be read; `code` and `message` are EC2's."""
    return invalid(f"Error occurred while {action}. EC2 Error Code: {code}. EC2 Error Message: {message}")


def not_run(error: Throttled | RestoreFailed) -> Fault:
    """An invocation that reached no handler, and is no error of the function's code."""
    if isinstance(error, Throttled):
        return too_many_requests(error.reason, error.wait)
    # Codes and texts are those of the service model's documentation; no recorded answer shows them.
    if error.timed_out:
        text = "Lambda couldn't restore the snapshot within the timeout limit."
        return Fault("SnapStartTimeoutException", text, members=_USER)
    text = (
        "The afterRestore() runtime hook encountered an error. For more information, check the Amazon CloudWatch logs."
    )
    return Fault("SnapStartException", text, members=_USER)


def too_many_requests(reason: str, wait: float = 0.0) -> Fault:
    """429: the invocation was throttled. `wait` is the seconds after which it may be admitted, 0 for who knows: where
    concurrency is the limit AWS sends no Retry-After (recorded)."""
    members: dict[str, Any] = {"Type": "User", "Reason": reason}
    if wait:
        members["retryAfterSeconds"] = str(max(math.ceil(wait), 1))
    return Fault("TooManyRequestsException", "Rate Exceeded.", members=members, status=429)


def recursive_invocation() -> Fault:
    """400: the function calls itself. Text: the service model's documentation of the error."""
    return Fault(
        "RecursiveInvocationException",
        "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources "
        "and stopped your function's invocation.",
        members=_USER,
    )


def alias_not_found(arn: str) -> Fault:
    """No such alias, of whatever function."""
    return not_found(f"Cannot find alias arn: {arn}")


def not_there() -> Fault:
    """404 of event source mappings and function URLs, which names nothing."""
    return not_found("The resource you requested does not exist.")


def untyped(message: str) -> Fault:
    """400 InvalidParameterValueException without `Type`, as a few rules answer it (limits of concurrency, weights)."""
    return Fault("InvalidParameterValueException", message, members={"Type": None})


def in_use(message: str) -> Fault:
    """400 ResourceInUseException."""
    return Fault("ResourceInUseException", message, members=_USER)


def layer_version_missing(arn: str) -> Fault:
    """400: a function names a layer version that is not there."""
    return invalid(f"Layer version {arn} does not exist.")


def access_denied(account: str, action: str, resource: str) -> Fault:
    """403: another account's resource, whose policy does not allow it. Text as publicly reported by callers of AWS."""
    return not_allowed(not_let_in(f"arn:aws:iam::{account}:root", f"lambda:{action}", resource))


def not_allowed(text: str | None) -> Fault:
    """403: AWS's text of a policy that does not let somebody in, if it has one."""
    return Fault("AccessDeniedException", text, status=403)


def layer_elsewhere(account: str, arn: str) -> Fault:
    """The same for a layer version that is not here, as a public one of AWS's is not; the second part is ours."""
    fault = access_denied(account, "GetLayerVersion", arn)
    _, _, _, region, owner, _, name, _ = arn.split(":")
    here = (
        f"This layer is not here: nothing is fetched from AWS. Publish its package with PublishLayerVersion in account "
        f"{owner} (access key id {owner}) and region {region} as {name}, and allow its use with "
        "AddLayerVersionPermission; or publish it in your own account and use that ARN."
    )
    return Fault(fault.code, f"{fault.message}. {here}", status=403)


def stale_policy(api: str) -> Fault:
    """412: the RevisionId sent is not the policy's; `api` is the operation that tells the current one."""
    return Fault(
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. "
        f"Call the {api} API to retrieve the latest Revision Id",
        members=_USER,
    )


def statement_exists(statement: str) -> Fault:
    """A statement id that the policy has."""
    return conflict(
        f"The statement id ({statement}) provided already exists. "
        "Please provide a new statement id, or remove the existing statement."
    )


def no_policy() -> Fault:
    """404: there is no policy to remove something from."""
    return not_found("No policy is associated with the given resource.")


def policy_too_long(size: int, limit: int) -> Fault:
    """The policy would be over its quota, in bytes. Text as publicly reported by callers of AWS."""
    return Fault(
        "PolicyLengthExceededException",
        f"The final policy size ({size}) is bigger than the limit ({limit}).",
        members=_USER,
    )
