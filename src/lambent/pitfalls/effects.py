"""What a handler does to the world by AWS's SDK, and how often that may be done without harm."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.facts.wiring import ASYNC, PULLED

SENDS = {
    "sns": {"publish", "publish_batch"},
    "sqs": {"send_message", "send_message_batch"},
    "ses": {"send_email", "send_raw_email", "send_templated_email"},
    "sesv2": {"send_email"},
    "pinpoint": {"send_messages"},
    "events": {"put_events"},
    "kinesis": {"put_record", "put_records"},
    "firehose": {"put_record", "put_record_batch"},
    "lambda": {"invoke"},
    "iot-data": {"publish"},
    "stepfunctions": {"start_execution"},
    "glue": {"start_job_run"},
    "batch": {"submit_job"},
    "ecs": {"run_task"},
}
"""Operations that do something once more each time: a mail, a message, a run."""
DISTINCT = {
    "sqs": ("MessageDeduplicationId",),
    "sns": ("MessageDeduplicationId",),
    "stepfunctions": ("name",),
    "ecs": ("clientToken",),
    "glue": ("JobRunId",),
}
HEARD = ("ses", "sesv2", "sns", "pinpoint", "glue", "batch", "ecs", "rds-data")
"""Services whose repetition people or the bill notice."""
"""Arguments that make a repetition harmless."""
WRITES = {
    "s3": {"put_object", "upload_file", "upload_fileobj", "copy_object", "copy", "delete_object", "delete_objects"},
    "dynamodb": {
        "put_item", "update_item", "delete_item", "batch_write_item", "transact_write_items", "put", "update",
    },
    **SENDS,
}  # fmt: skip


def calls(function: Function) -> list[SdkCall]:
    """The SDK calls of what the handler reaches; none when the code is not known."""
    found: list[SdkCall] = function.code.sdk_calls if function.code is not None else []
    return found


def calling(function: Function, service: str, *operations: str) -> Iterator[SdkCall]:
    """Calls of some operations."""
    return (one for one in calls(function) if one.service == service and one.operation in operations)


def at_least_once(function: Function) -> bool:
    """Whether what drives it may deliver an event twice."""
    return bool(function.driven_by(*ASYNC, *PULLED, "firehose"))


def guarded(function: Function) -> bool:
    """Whether the package uses an idempotency library, or a conditional write as a lock."""
    if function.code is None:
        return True
    names = {name for module in function.code.loaded for name in (*module.imports, *module.imports.values())}
    if any("idempoten" in name.lower() for name in names):
        return True
    return any(
        "ConditionExpression" in one.arguments for one in calling(function, "dynamodb", "put_item", "update_item")
    )


def again(call: SdkCall) -> bool:
    """Whether a call does something once more each time that it is made."""
    if call.service == "rds-data":
        return _inserts(call)
    if call.operation not in SENDS.get(call.service, ()) or call.open:
        return False
    return not any(name in call.arguments for name in DISTINCT.get(call.service, ()))


def _inserts(call: SdkCall) -> bool:
    """Whether a statement of SQL makes one more row each time."""
    said = call.fold("sql")
    words = said.upper() if isinstance(said, str) else ""
    kept = ("ON CONFLICT", "ON DUPLICATE", "INSERT IGNORE", "NOT EXISTS")
    return words.strip().startswith("INSERT") and not any(one in words for one in kept)


_RANDOM = ("uuid.uuid1", "uuid.uuid4", "uuid.v1", "uuid.v4", "secrets.token_hex", "secrets.token_urlsafe", "ulid.ulid",
           "nanoid.nanoid", "nanoid.generate", "crypto.randomUUID", "node:crypto.randomUUID", "ulid.new")  # fmt: skip
_MADE_UNDER = {"put_object": ("Key",), "put_item": ("Item",), "upload_file": ("Key",), "upload_fileobj": ("Key",)}
MOST_NAMES = 4
"""Names on the way from a call to what makes an id."""


def made_anew(call: SdkCall) -> bool:
    """Whether a call makes another item or object each time: it has an id in its name that is made by chance."""
    given = [call.arguments[name] for name in _MADE_UNDER.get(call.operation, ()) if name in call.arguments]
    return any(_by_chance(one, call, 0) for one in given)


def _by_chance(value: ast.AST, call: SdkCall, depth: int) -> bool:
    module, known = call.where.module, call.where.locals
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and module.dotted(node.func) in _RANDOM:
            return True
        if isinstance(node, ast.Name) and node.id in known and depth < MOST_NAMES:
            if known[node.id] is not value and _by_chance(known[node.id], call, depth + 1):
                return True
    return False
