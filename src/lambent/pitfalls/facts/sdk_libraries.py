"""Calls that libraries make by AWS's SDK: file systems and frames on S3, Powertools' parameters. They are told as the
calls of the SDK that they are, with the bucket and the key that a path names."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts.python import Module, Package, Reached, constant, fold
from lambent.pitfalls.facts.sdk import Client, SdkCall, keyword, of

ROOTS = {"s3fs", "fsspec", "smart_open", "pandas", "polars", "awswrangler", "aws_lambda_powertools",
         "@aws-lambda-powertools/parameters/secrets", "@aws-lambda-powertools/parameters/ssm"}  # fmt: skip
_PYTHON, _NODE = "aws_lambda_powertools.utilities.parameters.", "@aws-lambda-powertools/parameters/"
_SECRET, _PARAMETER = ("secretsmanager", "get_secret_value", "SecretId"), ("ssm", "get_parameter", "Name")
_BELOW, _SEVERAL = ("ssm", "get_parameters_by_path", "Path"), ("ssm", "get_parameters", "Names")
FUNCTIONS = {
    f"{_PYTHON}get_secret": _SECRET,
    f"{_PYTHON}get_parameter": _PARAMETER,
    f"{_PYTHON}get_parameters": _BELOW,
    f"{_PYTHON}get_parameters_by_name": _SEVERAL,
    f"{_PYTHON}set_parameter": ("ssm", "put_parameter", "Name"),
    f"{_PYTHON}set_secret": ("secretsmanager", "put_secret_value", "SecretId"),
    f"{_NODE}secrets.getSecret": _SECRET,
    f"{_NODE}ssm.getParameter": _PARAMETER,
    f"{_NODE}ssm.getParameters": _BELOW,
    f"{_NODE}ssm.getParametersByName": _SEVERAL,
    f"{_NODE}ssm.setParameter": ("ssm", "put_parameter", "Name"),
}
"""Functions -> service, operation, what their first argument is.
https://docs.powertools.aws.dev/lambda/python/latest/utilities/parameters/"""
_PROVIDERS = {
    f"{_PYTHON}SecretsProvider": {"get": _SECRET},
    f"{_PYTHON}SSMProvider": {"get": _PARAMETER, "get_multiple": _BELOW},
    f"{_NODE}secrets.SecretsProvider": {"get": _SECRET},
    f"{_NODE}ssm.SSMProvider": {"get": _PARAMETER, "getMultiple": _BELOW},
}
_FILE_SYSTEMS = ("s3fs.S3FileSystem", "s3fs.core.S3FileSystem", "fsspec.filesystem")
_METHODS = {
    "cat": ("get_object", 0), "cat_file": ("get_object", 0), "get": ("get_object", 0), "get_file": ("get_object", 0),
    "read_text": ("get_object", 0), "read_bytes": ("get_object", 0), "download": ("get_object", 0),
    "put": ("put_object", 1), "put_file": ("put_object", 1), "upload": ("put_object", 1), "touch": ("put_object", 0),
    "pipe": ("put_object", 0), "pipe_file": ("put_object", 0), "write_text": ("put_object", 0),
    "write_bytes": ("put_object", 0), "copy": ("copy_object", 1), "cp": ("copy_object", 1), "mv": ("copy_object", 1),
    "rm": ("delete_object", 0), "rm_file": ("delete_object", 0), "delete": ("delete_object", 0),
    "info": ("head_object", 0), "exists": ("head_object", 0), "ls": ("list_objects_v2", 0),
    "find": ("list_objects_v2", 0), "glob": ("list_objects_v2", 0), "walk": ("list_objects_v2", 0),
}  # fmt: skip
"""What a file system's method asks of S3, and which of its arguments is the path there.
https://s3fs.readthedocs.io/en/latest/api.html"""
_OPENERS = ("smart_open.open", "smart_open.smart_open", "fsspec.open")
_PATHS = ("path", "uri", "urlpath", "filepath_or_buffer", "path_or_buf", "rpath", "io")
_SCHEMES = ("s3://", "s3a://", "s3n://")
MOST_NAMES = 4
"""Names on the way from a call to the text of its path."""


def calls(package: Package) -> list[SdkCall]:
    """All calls of AWS in what the handler reaches."""
    around = bool(package.imported & ROOTS)
    return [
        call
        for one in package.reached
        for node in one.nodes
        if isinstance(node, ast.Call)
        if (call := _direct(node, one) or (_by_library(node, one) if around else None)) is not None
    ]


def _direct(node: ast.Call, where: Reached) -> SdkCall | None:
    return of(node, where) if isinstance(node.func, ast.Attribute) else None


def _by_library(node: ast.Call, where: Reached) -> SdkCall | None:
    dotted = where.module.dotted(node.func)
    if dotted in FUNCTIONS:
        return _asks(FUNCTIONS[dotted], node, where)
    if dotted in _OPENERS:
        return _on_path(_opened(node), _path(node, 0), node, where)
    owner, _, name = dotted.rpartition(".")
    if owner in ("pandas", "polars", "awswrangler.s3") and name.startswith(("read_", "scan_")):
        return _on_path("get_object", _path(node, 0), node, where)
    if owner == "awswrangler.s3" and name.startswith("to_"):
        return _on_path("put_object", _path(node, 1), node, where)
    if not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr.startswith(("to_", "write_")) and (path := _path(node, 0)) is not None:
        found = _on_path("put_object", path, node, where)  # a frame
        if found is not None:
            return found
    return _by_object(node, node.func, where)


def _by_object(node: ast.Call, func: ast.Attribute, where: Reached) -> SdkCall | None:
    """A method of a file system, or of one of Powertools' providers."""
    made, module = _made(func.value, where)
    dotted = module.dotted(made.func) if made is not None else ""
    if dotted in _PROVIDERS and func.attr in _PROVIDERS[dotted]:
        return _asks(_PROVIDERS[dotted][func.attr], node, where)
    if made is None or dotted not in _FILE_SYSTEMS or (dotted == "fsspec.filesystem" and not _of_s3(made, module)):
        return None
    if func.attr == "open":
        return _on_path(_opened(node), _path(node, 0), node, where, plain=True)
    operation, place = _METHODS.get(func.attr, ("", 0))
    return _on_path(operation, _path(node, place), node, where, plain=True) if operation else None


def _of_s3(made: ast.Call, module: Module) -> bool:
    return bool(made.args) and fold(made.args[0], module) in ("s3", "s3a")


def _made(owner: ast.expr, where: Reached) -> tuple[ast.Call | None, Module]:
    """The call that made an object, and the module that it stands in."""
    value, module = owner, where.module
    if isinstance(owner, ast.Name):
        known = where.locals.get(owner.id)
        found = (module, known) if known is not None else constant(module, owner.id)
        module, value = found if found is not None else (module, owner)
    return (value if isinstance(value, ast.Call) else None), module


def _asks(said: tuple[str, str, str], node: ast.Call, where: Reached) -> SdkCall:
    service, operation, name = said
    given = {name: node.args[0]} if node.args else {}
    return SdkCall(service, operation, node, where, Client(service, "client"), given, open=True, library=True)


def _opened(node: ast.Call) -> str:
    mode = node.args[1] if len(node.args) > 1 else keyword(node, "mode")
    said = mode.value if isinstance(mode, ast.Constant) else "r"
    return "put_object" if isinstance(said, str) and said[:1] in ("w", "a", "x") else "get_object"


def _path(node: ast.Call, place: int) -> ast.expr | None:
    named = next((value for name in _PATHS if (value := keyword(node, name)) is not None), None)
    return named or next(iter(node.args[place : place + 1]), None)


def _on_path(
    operation: str, path: ast.expr | None, node: ast.Call, where: Reached, plain: bool = False
) -> SdkCall | None:
    """A call on an object, by its path; without `s3://` only where `plain` says so."""
    parts = list(_parts(path, where)) if path is not None else []
    first = parts[0].value if parts and isinstance(parts[0], ast.Constant) else ""
    scheme = next((one for one in _SCHEMES if str(first).startswith(one)), "")
    if not parts or not (scheme or plain):
        return None
    bucket, key = _split(parts, len(scheme))
    given = {name: _joined(found, node) for name, found in (("Bucket", bucket), ("Key", key)) if found}
    whole = operation == "list_objects_v2"
    return SdkCall(
        "s3", operation, node, where, Client("s3", "client"), given, paginated=whole, open=True, library=True
    )


def _parts(node: ast.expr, where: Reached, depth: int = 0) -> Iterator[ast.expr]:
    """The parts of a text: constants, and what is put between them."""
    if isinstance(node, ast.Constant):
        yield node
    elif isinstance(node, ast.JoinedStr):
        yield from node.values
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _parts(node.left, where, depth)
        yield from _parts(node.right, where, depth)
    elif isinstance(node, ast.Name) and node.id in where.locals and depth < MOST_NAMES:
        yield from _parts(where.locals[node.id], where, depth + 1)
    else:
        yield ast.FormattedValue(value=node, conversion=-1)


def _split(parts: list[ast.expr], begin: int) -> tuple[list[ast.expr], list[ast.expr]]:
    """What stands before the first slash, and what behind it."""
    bucket: list[ast.expr] = []
    for index, part in enumerate(parts):
        text = part.value if isinstance(part, ast.Constant) else None
        if isinstance(text, str):
            before, slash, after = text[begin:].partition("/")
            bucket.extend([ast.Constant(value=before)] if before else [])
            if slash:
                return bucket, [*([ast.Constant(value=after)] if after else []), *parts[index + 1 :]]
        else:
            bucket.append(part)
        begin = 0
    return bucket, []


def _joined(parts: list[ast.expr], node: ast.Call) -> ast.expr:
    only = parts[0] if len(parts) == 1 else None
    if isinstance(only, ast.FormattedValue):
        return only.value
    return ast.copy_location(only if only is not None else ast.JoinedStr(values=parts), node)
