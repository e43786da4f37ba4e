"""Calls of AWS's SDK for Python: which service and operation, with which arguments, through which client."""

import ast
from dataclasses import dataclass, field
from typing import Any

from lambent.pitfalls.facts import javascript_sdk
from lambent.pitfalls.facts.project import Place
from lambent.pitfalls.facts.python import Module, Reached, chain, fold

MAKERS = ("client", "resource")
_CREATES = (*MAKERS, "create_client")
MOST_HANDS = 4
"""Functions that hand a client on, one to the other."""
_SESSIONS = ("boto3.Session", "boto3.session.Session", "aioboto3.Session", "aiobotocore.session.get_session",
             "aiobotocore.session.AioSession", "botocore.session.get_session", "botocore.session.Session")  # fmt: skip
_ROOTS = ("boto3", "aioboto3", *_SESSIONS)


@dataclass(frozen=True, slots=True)
class Client:
    """What a name holds: a client of a service, or a resource of it ("Table", "Bucket") with its naming argument."""

    service: str
    kind: str
    name: Any = None


@dataclass(frozen=True, slots=True)
class SdkCall:
    """A call. `operation` in snake case as clients have it; `arguments` by keyword, unfolded; `target` folded."""

    service: str
    operation: str
    node: ast.Call
    where: Reached
    client: Client
    arguments: dict[str, ast.expr] = field(default_factory=dict)
    paginated: bool = False
    open: bool = False
    """Whether arguments come from `**something` too."""
    library: bool = False
    """Whether a library makes it, with what it keeps and tries again."""

    @property
    def place(self) -> Place:
        """Its lines."""
        return self.where.place(self.node)

    def fold(self, name: str) -> Any:
        """An argument, folded; None when not given."""
        node = self.arguments.get(name)
        return None if node is None else fold(node, self.where.module, self.where)


_RESOURCE_OPERATIONS = {
    ("dynamodb", "Table"): {"batch_writer": "batch_write_item"},
    ("s3", "Object"): {
        "put": "put_object",
        "get": "get_object",
        "delete": "delete_object",
        "copy_from": "copy_object",
        "load": "head_object",
    },
    ("s3", "Bucket"): {"delete": "delete_bucket"},
    ("sqs", "Queue"): {
        "send_messages": "send_message_batch",
        "receive_messages": "receive_message",
        "delete_messages": "delete_message_batch",
    },
    ("sqs", "Message"): {"delete": "delete_message", "change_visibility": "change_message_visibility"},
}
TARGETS = {
    "s3": "Bucket",
    "dynamodb": "TableName",
    "sqs": "QueueUrl",
    "sns": "TopicArn",
    "lambda": "FunctionName",
    "kinesis": "StreamName",
    "stepfunctions": "stateMachineArn",
    "secretsmanager": "SecretId",
    "ssm": "Name",
    "firehose": "DeliveryStreamName",
}


def made(node: ast.AST, module: Module, scope: Reached | None) -> Client | None:
    """The client that an expression makes: `boto3.client("s3")`, `session.resource("s3")`, `resource.Table("t")`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
        return None
    dotted = module.dotted(node.func)
    owner, _, last = dotted.rpartition(".")
    if isinstance(node.func, ast.Attribute) and not dotted:
        owner, last = _made_owner(node.func.value, module), node.func.attr
    if last in _CREATES and (owner in _ROOTS or _is_session(owner, module, scope)):
        named = node.args[0] if node.args else keyword(node, "service_name")
        service = fold(named, module, scope)
        return Client(service, last.removeprefix("create_")) if isinstance(service, str) else None
    if isinstance(node.func, ast.Attribute) and last[:1].isupper():
        return _sub(node, module, scope)
    if last == "get_queue_by_name" and isinstance(node.func, ast.Attribute):
        parent = held(node.func.value, module, scope)
        return Client("sqs", "Queue") if parent is not None else None
    return None


def _made_owner(node: ast.expr, module: Module) -> str:
    return module.dotted(node.func) if isinstance(node, ast.Call) else ""


def _is_session(name: str, module: Module, scope: Reached | None) -> bool:
    value = (scope.locals.get(name) if scope is not None else None) or module.constants.get(name)
    return isinstance(value, ast.Call) and module.dotted(value.func) in _SESSIONS


def _sub(node: ast.Call, module: Module, scope: Reached | None) -> Client | None:
    assert isinstance(node.func, ast.Attribute)
    parent = held(node.func.value, module, scope)
    if parent is None or parent.kind not in ("resource", "Bucket"):
        return None
    first = fold(node.args[0], module, scope) if node.args else None
    return Client(parent.service, node.func.attr, parent.name if parent.kind == "Bucket" else first)


def keyword(node: ast.Call, name: str) -> ast.expr | None:
    """A call's keyword argument."""
    return next((one.value for one in node.keywords if one.arg == name), None)


def held(node: ast.AST, module: Module, scope: Reached | None, depth: int = 0) -> Client | None:
    """The client that an expression is."""
    if depth > 5:
        return None
    direct = made(node, module, scope)
    if direct is not None:
        return direct
    if isinstance(node, ast.Await):
        return held(node.value, module, scope, depth + 1)
    if isinstance(node, ast.Call):
        return _returned(node, module, depth)
    if isinstance(node, ast.Attribute) and node.attr == "client" and getattr(node.value, "attr", "") == "meta":
        return _of_meta(node.value, module, scope, depth)
    name = chain(node)
    if not name:
        return None
    if name.startswith("self.") and scope is not None and scope.owner is not None:
        return _attribute(name[5:], scope, depth)
    return _named(name, module, scope, depth)


def _of_meta(node: ast.expr, module: Module, scope: Reached | None, depth: int) -> Client | None:
    """The client below a resource: `resource.meta.client`."""
    found = held(node.value, module, scope, depth + 1) if isinstance(node, ast.Attribute) else None
    return Client(found.service, "client") if found is not None and found.kind != "client" else None


def _named(name: str, module: Module, scope: Reached | None, depth: int) -> Client | None:
    if scope is not None and name in scope.bound:
        for value in scope.bindings.get(name, ()):
            found = held(value, module, scope, depth + 1)
            if found is not None:
                return found
        return _item(name, scope, depth)
    for value in module.bindings.get(name, ()):
        found = held(value, module, None, depth + 1)
        if found is not None:
            return found
    return _imported(name, module, depth)


def _item(name: str, scope: Reached, depth: int) -> Client | None:
    """What a loop over a collection of resources goes through: a bucket's objects, a queue's messages."""
    through = scope.loops.get(name)
    lister = through.func if isinstance(through, ast.Call) else None
    if not isinstance(lister, ast.Attribute):
        return None
    if lister.attr == "receive_messages":
        parent, wanted, kind = held(lister.value, scope.module, scope, depth + 1), "Queue", "Message"
    elif isinstance(lister.value, ast.Attribute) and _objects(lister.value):
        parent, wanted, kind = held(lister.value.value, scope.module, scope, depth + 1), "Bucket", "Object"
    else:
        return None
    return Client(parent.service, kind, parent.name) if parent is not None and parent.kind == wanted else None


def _objects(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("objects", "object_versions")


def _imported(name: str, module: Module, depth: int) -> Client | None:
    first, _, rest = name.partition(".")
    target = ".".join(filter(None, (module.imports.get(first, ""), rest)))
    owner, _, last = target.rpartition(".")
    wanted = [(owner, last)] if owner else [(star, name) for star in module.stars]
    for dotted, called in wanted if depth <= MOST_HANDS + 1 else ():
        other = module.package.module(dotted)
        found = _named(called, other, None, depth + 1) if other is not None and other is not module else None
        if found is not None:
            return found
    return None


def _attribute(name: str, scope: Reached, depth: int) -> Client | None:
    assert scope.owner is not None
    for method in scope.owner.body:
        for node in ast.walk(method):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if chain(target) in (f"self.{name}", name):
                        within = Reached(scope.module, method) if isinstance(method, ast.FunctionDef) else None
                        found = held(node.value, scope.module, within, depth + 1)
                        if found is not None:
                            return found
    return None


def _returned(node: ast.Call, module: Module, depth: int) -> Client | None:
    """The client that a function of the package returns, or a method of an object that a module has made."""
    target = _callee(node, module)
    if target is None or not isinstance(target[1], ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    inner = Reached(target[0], target[1])
    for statement in ast.walk(target[1]):
        if isinstance(statement, ast.Return) and statement.value is not None:
            found = held(statement.value, target[0], inner, depth + 1) or _made_for(
                node, module, statement.value, inner
            )
            if found is not None:
                return found
    return None


def _callee(node: ast.Call, module: Module) -> tuple[Module, ast.stmt] | None:
    name = chain(node.func)
    target = module.package.resolve(module, name) if name else None
    owner, _, method = name.rpartition(".")
    made_by = module.constants.get(owner)
    if target is not None or not isinstance(made_by, ast.Call):
        return target
    found = module.package.resolve(module, chain(made_by.func)) if chain(made_by.func) else None
    body = found[1].body if found is not None and isinstance(found[1], ast.ClassDef) else ()
    methods = (one for one in body if isinstance(one, ast.FunctionDef) and one.name == method)
    return next(((found[0], one) for one in methods if found is not None), None)


def _made_for(call: ast.Call, module: Module, value: ast.expr, inner: Reached) -> Client | None:
    """What a function makes of the service that its caller names: `boto3.client(name)`, `boto3.client(*args)`."""
    if not isinstance(value, ast.Call) or not value.args:
        return None
    owner, _, last = inner.module.dotted(value.func).rpartition(".")
    if last not in _CREATES or not (owner in _ROOTS or _is_session(owner, inner.module, inner)):
        return None
    given = _argument(call, value.args[0], inner)
    service = fold(given, module, None) if given is not None else None
    return Client(service, last.removeprefix("create_")) if isinstance(service, str) else None


def _argument(call: ast.Call, name: ast.expr, inner: Reached) -> ast.expr | None:
    """What a caller gives for a parameter, or as the first of any number of them."""
    said = inner.node.args
    places = [one.arg for one in (*said.posonlyargs, *said.args) if one.arg != "self"]
    if isinstance(name, ast.Starred):
        many = said.vararg is not None and chain(name.value) == said.vararg.arg
        return call.args[len(places)] if many and len(call.args) > len(places) else None
    if chain(name) not in places:
        return None
    at = places.index(chain(name))
    return keyword(call, chain(name)) or (call.args[at] if at < len(call.args) else None)


def of(node: ast.Call, where: Reached) -> SdkCall | None:
    """The SDK call that a call is, if it is one."""
    assert isinstance(node.func, ast.Attribute)
    owner, method = node.func.value, node.func.attr
    if method in MAKERS or method[:1].isupper():
        return None
    if method in ("paginate", "wait"):
        return _through(node, owner, where, method)
    client = held(owner, where.module, where)
    if client is None:
        return _given(node, owner, where) or _collection(node, owner, where)
    if method in ("get_paginator", "get_waiter", "get_available_subresources", "meta", "get_queue_by_name"):
        return None
    operation = _RESOURCE_OPERATIONS.get((client.service, client.kind), {}).get(method, method)
    return _call(client, operation, node, where)


def _given(node: ast.Call, owner: ast.expr, where: Reached) -> SdkCall | None:
    """A call through a client that the function was given: what its callers hand it, if they all do the same."""
    assert isinstance(node.func, ast.Attribute)
    if not isinstance(owner, ast.Name) or owner.id in where.bindings:
        return None
    names = [one.arg for one in (*where.node.args.posonlyargs, *where.node.args.args)]
    if owner.id not in names:
        return None
    client = handed(where, names.index(owner.id), owner.id)
    if client is None:
        return None
    if where.module.path.endswith(".py"):
        operation = _RESOURCE_OPERATIONS.get((client.service, client.kind), {}).get(node.func.attr, node.func.attr)
        return _call(client, operation, node, where)
    method = "delete" if node.func.attr == "discard" else node.func.attr  # as sets have it
    operation = javascript_sdk.method(client.service, method)
    said = _object(node.args[0], where) if node.args else None
    pairs = zip(said.keys, said.values, strict=True) if isinstance(said, ast.Dict) else ()
    known = {key.value: value for key, value in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    whole = isinstance(said, ast.Dict) and len(known) == len(said.keys)
    return SdkCall(client.service, operation, node, where, client, known, open=not whole)


def _object(node: ast.expr, where: Reached) -> ast.expr | None:
    """What an expression is: by the name that holds it, by the only thing that a function of the package returns."""
    value: ast.expr | None = where.locals.get(node.id, node) if isinstance(node, ast.Name) else node
    if not isinstance(value, ast.Call) or not chain(value.func):
        return value
    target = where.module.package.resolve(where.module, chain(value.func))
    if target is None or not isinstance(target[1], ast.FunctionDef | ast.AsyncFunctionDef):
        return value
    returned = [one.value for one in ast.walk(target[1]) if isinstance(one, ast.Return)]
    return returned[0] if len(returned) == 1 else None


def handed(where: Reached, place: int, name: str, depth: int = 0) -> Client | None:
    """The client that a function's parameter is, by those who call it."""
    found: set[Client] = set()
    shift = 1 if where.owner is not None and where.module.path.endswith(".py") else 0  # self
    for caller, call in where.module.package.callers.get(id(where.node), ()):
        value = keyword(call, name) or next(iter(call.args[place - shift : place - shift + 1]), None)
        client = held(value, caller.module, caller) if value is not None else None
        if client is None and isinstance(value, ast.Name) and depth < MOST_HANDS:
            names = [one.arg for one in caller.node.args.args]
            if value.id in names and value.id not in caller.bindings:
                client = handed(caller, names.index(value.id), value.id, depth + 1)
        if client is None:
            return None
        found.add(client)
    return found.pop() if len(found) == 1 else None


def _call(client: Client, operation: str, node: ast.Call, where: Reached, paginated: bool = False) -> SdkCall:
    arguments = {one.arg: one.value for one in node.keywords if one.arg is not None}
    opened = any(one.arg is None for one in node.keywords)
    arguments.update(_positional(client, operation, node))
    return SdkCall(client.service, operation, node, where, client, arguments, paginated, opened)


_POSITIONAL = {
    ("client", "upload_file"): ("Filename", "Bucket", "Key"),
    ("client", "upload_fileobj"): ("Fileobj", "Bucket", "Key"),
    ("client", "download_file"): ("Bucket", "Key", "Filename"),
    ("client", "download_fileobj"): ("Bucket", "Key", "Fileobj"),
    ("client", "copy"): ("CopySource", "Bucket", "Key"),
    ("client", "generate_presigned_url"): ("ClientMethod", "Params", "ExpiresIn"),
    ("Bucket", "upload_file"): ("Filename", "Key"),
    ("Bucket", "download_file"): ("Key", "Filename"),
    ("Object", "download_file"): ("Filename",),
    ("Object", "upload_file"): ("Filename",),
}


def _positional(client: Client, operation: str, node: ast.Call) -> dict[str, ast.expr]:
    names = _POSITIONAL.get((client.kind, operation), ())
    return dict(zip(names, node.args, strict=False))


def _through(node: ast.Call, owner: ast.expr, where: Reached, method: str) -> SdkCall | None:
    """`client.get_paginator("list_objects_v2").paginate(...)`, also by way of a variable."""
    value: ast.AST | None = owner
    if isinstance(owner, ast.Name):
        value = where.locals.get(owner.id) or where.module.constants.get(owner.id)
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute) or not value.args:
        return None
    if value.func.attr not in ("get_paginator", "get_waiter"):
        return None
    client = held(value.func.value, where.module, where)
    operation = fold(value.args[0], where.module, where)
    if client is None or not isinstance(operation, str):
        return None
    return _call(client, operation if method == "paginate" else "wait", node, where, paginated=True)


def _collection(node: ast.Call, owner: ast.expr, where: Reached) -> SdkCall | None:
    """`bucket.objects.filter(...)`: a listing that follows its pages; with `.delete()` behind it, a deletion of all."""
    assert isinstance(node.func, ast.Attribute)
    operation = "list_objects_v2"
    if node.func.attr == "delete" and isinstance(owner, ast.Call) and isinstance(owner.func, ast.Attribute):
        operation, owner = "delete_objects", owner.func.value
    if isinstance(owner, ast.Attribute) and _objects(owner):
        client = held(owner.value, where.module, where)
        if client is not None and client.kind == "Bucket":
            return _call(client, operation, node, where, paginated=True)
    return None


def target(call: SdkCall) -> Any:
    """What a call acts on, folded: a bucket, table, queue URL, topic; None when the service has no such argument."""
    if call.client.kind not in MAKERS and call.client.name is not None:
        return call.client.name
    name = TARGETS.get(call.service)
    return None if name is None else call.fold(name)
