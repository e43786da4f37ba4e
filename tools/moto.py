"""Writes docs/moto.md: every place in moto's sources that could be made to do more than answer, and what holds it.

Run as `python -m tools.moto`. A test compares the table with the installed moto: a new place fails it until somebody
has looked at it.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import moto

PAGE = Path(__file__).parents[1] / "docs" / "moto.md"
SOURCES = Path(moto.__file__).parent
BUILTIN = frozenset({"__import__", "compile", "eval", "exec", "open"})
LOOKED_FOR = (
    *("cfnlint.", "code.", "ctypes.", "docker.", "graphql.", "http.client.", "http.server.", "importlib.", "jinja2."),
    *("joserfc.", "jsonpath_ng.", "jsonschema.", "marshal.", "multiprocessing.", "openapi_spec_validator.", "os.exec"),
    *("os.fork", "os.listdir", "os.open", "os.popen", "os.posix_spawn", "os.remove", "os.rename", "os.rmdir"),
    *(
        "os.spawn",
        "os.system",
        "os.unlink",
        "os.walk",
        "pathlib.",
        "pickle.",
        "pty.",
        "py_partiql_parser.",
        "pyparsing.",
    ),
    *("requests.", "runpy.", "shelve.", "shutil.", "smtplib.", "socket.", "sqlite3.", "string.Template", "subprocess."),
    *(
        "tarfile.",
        "tempfile.",
        "urllib.request.",
        "urllib3.",
        "webbrowser.",
        "xml.",
        "xmltodict.parse",
        "yaml.",
        "zipfile.",
    ),
    *("boto3.client", "boto3.resource", "antlr4.InputStream"),
)
"""Calls whose full name begins so. What only computes (base64, json, re, datetime) is not looked for."""


def places() -> dict[str, set[str]]:
    """Full name of a call to the files of moto's that make it."""
    found: dict[str, set[str]] = {}
    for path in sorted(SOURCES.rglob("*.py")):
        for name in _calls(ast.parse(path.read_text("utf-8"))):
            found.setdefault(name, set()).add(str(path.relative_to(SOURCES)))
    return found


def _calls(tree: ast.Module) -> Iterator[str]:
    names = _imported(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _name(node.func, names)
        if name == "getattr" and not isinstance(node.args[1], ast.Constant):
            name = f"{_name(node.args[0], names)}.*"
        if name in BUILTIN or name.startswith(LOOKED_FOR):
            yield name


def _imported(tree: ast.Module) -> dict[str, str]:
    """What a name at any level of a module stands for."""
    names = {"getattr": "getattr"} | {name: name for name in BUILTIN}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
            names |= {(root := alias.name.partition(".")[0]): root for alias in node.names if not alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _name(node: ast.expr, names: dict[str, str]) -> str:
    """The full name of what is called; "" for what is no imported name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return ""
    return ".".join([names[node.id], *reversed(parts)])


@dataclass(frozen=True, slots=True)
class Looked:
    """Places that are alike: the calls, the files they are in, what a request makes of them, and what holds it."""

    calls: tuple[str, ...]
    files: tuple[str, ...]
    does: str
    holds: str


LOADER = "a safe loader in its place (`bridges/templates.py`)"
UNASKED = "never asked: SNS is answered here ([pushes.md](pushes.md))"
SOCKETS = "sockets and names: refused in Python (`guard.py`), no network"
FILES = "paths: refused in Python (`guard.py`), own root"
PROGRAMS = "programs: refused in Python (`guard.py`), own root without the host's sockets"
PARSES = "parses only"
FIXED = "the name is fixed, no request has a part in it"
UNUSED = "not run here: a command of its own, the proxy or the decorators"
_TASK = "stepfunctions/parser/asl/component/state/exec/state_task/service/state_task_service_api_gateway.py"
_ASL = "stepfunctions/parser/asl/parse"

RUNS: tuple[Looked, ...] = (
    Looked(
        ("yaml.load", "yaml.add_multi_constructor"),
        ("cloudformation/models.py", "cloudformation/responses.py"),
        "CloudFormation (answered by Lambent, never asked): templates are read with the full loader, whose tags call "
        "any function",
        LOADER,
    ),
    Looked(
        ("docker.from_env", "docker.types.Mount", "docker.types.LogConfig"),
        ("utilities/docker_utilities.py", "batch/models.py", "awslambda/models.py"),
        "Batch's SubmitJob (and moto's own Lambda, which is never asked) starts containers of any image, with any "
        "folder of the host in them",
        f"`DOCKER_HOST` leads nowhere; {SOCKETS}",
    ),
    Looked(("os.popen",), ("settings.py",), "Batch asks Docker for its address by `curl`", f"{FIXED}; {PROGRAMS}"),
)

REACHES: tuple[Looked, ...] = (
    Looked(("requests.post",), ("sns/models.py",), "SNS: a message to any `http` endpoint", UNASKED),
    Looked(("requests.post",), ("firehose/models.py",), "Firehose: records to any HTTP destination", SOCKETS),
    Looked(
        ("requests.request",),
        ("events/models.py",),
        "EventBridge: an event to any API destination, where `MOTO_EVENTS_INVOKE_HTTP` is set",
        SOCKETS,
    ),
    Looked(
        ("requests.*",),
        ("apigateway/integration_parsers/http_parser.py", _TASK),
        "API Gateway's HTTP integrations and Step Functions' API Gateway tasks: any method of any URL",
        SOCKETS,
    ),
    Looked(
        ("requests.post",),
        ("apigateway/integration_parsers/aws_parser.py",),
        "API Gateway's DynamoDB integration: a request to AWS itself",
        SOCKETS,
    ),
    Looked(
        ("boto3.client",),
        ("stepfunctions/parser/asl/utils/boto_client.py",),
        "Step Functions' tasks: any operation, asked of port 5000 of this machine",
        SOCKETS,
    ),
    Looked(
        ("requests.request",),
        ("moto_api/_internal/recorder/models.py",),
        "`/moto-api/recorder/replay-recording`: uploaded requests, to any host",
        SOCKETS,
    ),
    Looked(
        ("openapi_spec_validator.validate_spec",),
        ("apigateway/models.py",),
        "ImportRestApi and PutRestApi with `failOnWarnings`: a `$ref` in the document is followed to any file or URL, "
        "and the answer tells of what is there",
        f"{FILES}; {SOCKETS}",
    ),
)

FILES_OF: tuple[Looked, ...] = (
    Looked(
        ("open",),
        ("moto_api/_internal/recorder/models.py",),
        "`/moto-api/recorder/*`: writes and reads one file in the working folder",
        f"{FIXED}; its own folder",
    ),
    Looked(
        ("open",),
        ("cloudformation/utils.py",),
        "ValidateTemplate with an old cfn-lint: writes `file.tmp` in the working folder",
        f"{FIXED}; its own folder",
    ),
    Looked(
        ("tempfile.SpooledTemporaryFile",), ("s3/models.py",), "S3: objects above 16 MB", "no name; its own folder"
    ),
    Looked(
        ("zipfile.ZipFile", "tarfile.TarFile", "tarfile.TarInfo"),
        ("awslambda/models.py",),
        "moto's own Lambda (never asked; CloudFormation's resources): packages, in memory; no name becomes a path",
        "nothing is unpacked to disk",
    ),
    Looked(
        ("open",), ("ec2/models/amis.py",), "EC2: the file that `MOTO_AMIS_PATH` names, at the start", FIXED
    ),
    Looked(
        ("os.listdir", "pathlib.Path", "importlib.resources.copy", "importlib.resources.files"),
        ("backends.py", "ec2/models/instance_types.py", "settings.py", "utilities/utils.py",
         "stepfunctions/parser/resource_providers/aws_stepfunctions_activity.py",
         "stepfunctions/parser/resource_providers/aws_stepfunctions_statemachine.py"),
        "moto's own data files, and `/proc/self/cgroup`",
        FIXED,
    ),
    Looked(
        ("__import__", "importlib.import_module", "importlib.reload", "importlib.util.find_spec",
         "importlib.metadata.version"),
        ("core/base_backend.py", "backends.py", "s3/models.py", "core/compat.py", "core/versions.py"),
        "moto's own modules, by the names of services that it knows",
        FIXED,
    ),
)  # fmt: skip

PARSED: tuple[Looked, ...] = (
    Looked(
        ("yaml.safe_load", "yaml.dump"),
        ("apigateway/utils.py", "apigatewayv2/models.py", "osis/models.py", "ssm/models.py"),
        "API Gateway's documents, OpenSearch Ingestion's pipelines, Systems Manager's documents",
        "the safe loader",
    ),
    Looked(
        ("cfnlint.api.lint", "cfnlint.config.configure_logging", "cfnlint.core.get_rules", "cfnlint.core.run_checks",
         "cfnlint.decode.decode"),
        ("cloudformation/utils.py",),
        "ValidateTemplate: cfn-lint, with a safe loader of its own; a template's metadata can name rules to load, "
        "which only its command line does",
        f"{PARSES}; {FILES}",
    ),
    Looked(
        ("xmltodict.parse", "xml.dom.minidom.parseString", "xml.etree.ElementTree.Element",
         "xml.etree.ElementTree.TreeBuilder", "xml.etree.ElementTree.XMLParser", "xml.etree.ElementTree.fromstring"),
        ("core/parse.py", "mq/models.py", "polly/models.py", "s3/responses.py", "sts/models.py"),
        "bodies in XML: expat loads no external entity, and stops one that grows without end (2.4.1)",
        PARSES,
    ),
    Looked(
        ("py_partiql_parser.DynamoDBStatementParser", "py_partiql_parser.DynamoDBStatementParser.get_query_metadata",
         "py_partiql_parser.JsonParser.parse", "py_partiql_parser.S3SelectParser", "py_partiql_parser.csv_to_json",
         "py_partiql_parser.json_to_csv"),
        ("dynamodb/models/table_import.py", "dynamodb/parsing/partiql.py", "s3/models.py",
         "s3/select_object_content.py"),
        "DynamoDB's statements and S3 Select; no eval, no import",
        PARSES,
    ),
    Looked(
        ("jsonpath_ng.parse", "jsonpath_ng.ext.parse"),
        ("events/utils.py", "stepfunctions/parser/asl/component/common/path/result_path.py",
         "stepfunctions/parser/asl/utils/json_path.py"),
        "paths of EventBridge and Step Functions; its parser generator evaluates its own tables alone",
        PARSES,
    ),
    Looked(
        ("antlr4.InputStream",),
        (f"{_ASL}/asl_parser.py", f"{_ASL}/intrinsic/intrinsic_parser.py", f"{_ASL}/test_state/asl_parser.py"),
        "Step Functions' definitions; JSONata is evaluated by jsonata-python (bridges/expressions)",
        PARSES,
    ),
    Looked(
        ("graphql.build_client_schema", "graphql.build_schema", "graphql.introspection_from_schema", "graphql.parse",
         "graphql.print_schema"),
        ("appsync/models.py",),
        "AppSync's schemas",
        PARSES,
    ),
    Looked(
        ("pyparsing.CaselessKeyword", "pyparsing.Forward", "pyparsing.ParserElement.enable_packrat",
         "pyparsing.QuotedString", "pyparsing.Suppress", "pyparsing.Word", "pyparsing.delimited_list",
         "pyparsing.infix_notation", "pyparsing.one_of"),
        ("glue/utils.py",),
        "Glue's filter expressions; what is called `eval` there compares values",
        PARSES,
    ),
    Looked(
        ("jsonschema.validate",), ("quicksight/utils.py",), "QuickSight's filters, by a schema of moto's", PARSES
    ),
    Looked(
        ("joserfc.jwk.RSAKey.import_key", "joserfc.jwt.encode"),
        ("cognitoidp/models.py",),
        "Cognito's tokens, signed by a key of moto's",
        PARSES,
    ),
    Looked(
        ("string.Template",),
        ("cloudformation/parsing.py",),
        "CloudFormation's `Fn::Sub`: names are replaced by texts, nothing is evaluated",
        PARSES,
    ),
    Looked(
        ("http.client.responses.get", "requests.structures.CaseInsensitiveDict"),
        ("core/custom_responses_mock.py", "s3/utils.py"),
        "the text of a status, headers",
        "nothing is sent",
    ),
)  # fmt: skip

IDLE: tuple[Looked, ...] = (
    Looked(
        ("open", "os.remove", "subprocess.Popen", "subprocess.check_output", "socket.create_connection",
         "http.server.BaseHTTPRequestHandler.__init__", "http.server.ThreadingHTTPServer"),
        ("moto_proxy/certificate_creator.py", "moto_proxy/proxy3.py", "proxy.py"),
        "moto's proxy, which makes certificates by `openssl`",
        UNUSED,
    ),
    Looked(
        ("boto3.client", "boto3.resource", "requests.post"),
        ("core/models.py", "core/authorization.py"),
        "moto's decorators in the programs of those who test with it",
        UNUSED,
    ),
)  # fmt: skip

PARTS = {
    "What would run code or programs": RUNS,
    "What would reach addresses": REACHES,
    "What opens files": FILES_OF,
    "What parses": PARSED,
    "What is never run here": IDLE,
}

HEAD = """# What moto can be asked to do

Made by `python -m tools.moto`. These are all places in the sources of the installed moto that call something which
could run code, start a program, reach an address, open a file or parse a language, found by their syntax trees; a test
fails when a new moto has one more, until somebody has looked at it. moto uses no template engine, no `pickle`, no
`eval` and no `exec`. `bridges/` and `guard.py` are in `src/lambent/neighbour`; what else holds code that gets into moto
is in [what an environment can't do](isolation.md).
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_table(title, looked) for title, looked in PARTS.items())


def _table(title: str, looked: tuple[Looked, ...]) -> str:
    rows = "".join(
        f"| {', '.join(f'`{call}`' for call in one.calls)} | {', '.join(one.files)} | {one.does} | {one.holds} |\n"
        for one in looked
    )
    return (
        f"\n## {title}\n\n| call | in | what a request makes of it | what holds it |\n| --- | --- | --- | --- |\n{rows}"
    )


def unlooked() -> list[str]:
    """Calls of the installed moto's that are in no table, and tables' that are in no moto."""
    there = {(call, file) for call, files in places().items() for file in files}
    said = {(call, file) for part in PARTS.values() for one in part for call in one.calls for file in one.files}
    gone = sorted({call for call, _ in said} - {call for call, _ in there})
    return [f"new: {call} in {file}" for call, file in sorted(there - said)] + [f"gone: {call}" for call in gone]


def main() -> None:
    """Write the page, if it is the whole one."""
    left = unlooked()
    if left:
        sys.exit("\n".join(left))
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
