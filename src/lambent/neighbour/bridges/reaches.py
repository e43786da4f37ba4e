"""Every place where moto reaches for its own of what is answered here, or makes a client: what becomes of it.

`found` reads moto's source; a test holds the list against it, so that a new moto with a new place fails the test.
"""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

OWN = frozenset({"awslambda", "awslambda_simple", "events", "sns", "sqs", "logs"})
"""moto's packages that are answered here; what they do among themselves is never asked for."""
BACKENDS = frozenset(
    {
        *("lambda_backends", "lambda_simple_backends", "events_backends", "sns_backends", "sqs_backends"),
        "logs_backends",
    }
)
_SPEAKS = re.compile(
    r"awslambda|(lambda|lambda_simple|events|sns|sqs|logs)_backends|get_backend|boto3\.(client|resource|[Ss]ession)"
    r"|(moto|from|\.)\s*\.\s*(events|sns|sqs|logs)\b|from (moto|\.+) import .*\b(events|sns|sqs|logs)\b"
)
"""What stands in a source that has such a place: reading all of moto would take long."""
CLIENTS = frozenset({"boto3.client", "boto3.resource", "boto3.Session", "boto3.session.Session"})
_MAKERS = frozenset(name.rpartition(".")[2] for name in CLIENTS)

BRIDGED = "what it does is done by lambent.neighbour.bridges"
REFUSED = "refused before it comes to moto: lambent.neighbour.kept"
STACKS = "never asked: CloudFormation is answered here"
NO_MAPPINGS = "moto's Lambda has no event source mappings: it is never asked"
ROTATED = "never asked: Lambent rotates secrets itself"
UNUSED = "never asked: S3 is answered by Lambent itself"
IMPORTED = "imported, and used by a place in this list"
SERVER = "the server's own: it serves what it is asked for, and is not asked for what is answered here"
HARMLESS = "touches neither functions nor queues nor logs"

REACHES: Mapping[str, str] = {
    "moto.batch.models": IMPORTED,
    "moto.batch.models:BatchBackend.logs_backend": REFUSED,
    "moto.cloudformation.custom_model": STACKS,
    "moto.cloudformation.models": STACKS,
    "moto.cloudformation.models:Event.sendToSns": STACKS,
    "moto.cloudformation.custom_model:CustomModel.create_from_cloudformation_json": STACKS,
    "moto.cloudformation.parsing": STACKS,
    "moto.cloudtrail.models:Trail.check_topic_exists": REFUSED,
    "moto.config.models": "imported, to list topics of its own, of which it has none",
    "moto.config.models:Source.__init__": REFUSED,
    "moto.core.botocore_stubber:BotocoreStubber.process_request": SERVER,
    "moto.dynamodb.models.table:StreamShard.add": NO_MAPPINGS,
    "moto.ec2.models.flow_logs:FlowLogsBackend.create_flow_logs": REFUSED,
    "moto.ec2.models.vpcs:VPCBackend._collect_default_endpoint_services": HARMLESS,
    "moto.iam.config:PolicyConfigQuery.list_config_service_resources": HARMLESS,
    "moto.iam.config:RoleConfigQuery.list_config_service_resources": HARMLESS,
    "moto.kinesis.models:Stream.put_record": NO_MAPPINGS,
    "moto.moto_api._internal.models:MotoAPIBackend.set_lambda_simple_result": SERVER,
    "moto.moto_proxy.proxy3:MotoRequestHandler.get_handler_for_host": SERVER,
    "moto.moto_server.werkzeug_app:create_backend_app": SERVER,
    "moto.route53.models:Route53Backend.create_query_logging_config": REFUSED,
    "moto.s3.models": UNUSED,
    "moto.s3.notifications:_invoke_awslambda": UNUSED,
    "moto.s3.notifications:_send_event_bridge_message": UNUSED,
    "moto.s3.notifications:_send_sns_message": UNUSED,
    "moto.s3.notifications:_send_sqs_message": UNUSED,
    "moto.secretsmanager.models:SecretsManagerBackend.rotate_secret": ROTATED,
    "moto.ses.models": IMPORTED,
    "moto.ses.models:SESBackend.__process_sns_feedback__": REFUSED,
    "moto.ses.models:SESBackend._validate_lambda_action": REFUSED,
    "moto.ses.models:SESBackend._validate_sns_topic": REFUSED,
    "moto.textract.models": IMPORTED,
    "moto.textract.models:TextractJob.send_completion_notification": REFUSED,
    "moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_glue"
    ":StateTaskServiceGlue._get_glue_client": "named as a type only",
    "moto.stepfunctions.parser.asl.eval.event.logging": IMPORTED,
    "moto.stepfunctions.parser.asl.eval.event.logging:CloudWatchLoggingSession.__init__": BRIDGED,
    "moto.stepfunctions.parser.asl.utils.boto_client:boto_client_for": BRIDGED,
}
"""`module:function` (or the module, for what it does when it is imported) -> what becomes of it."""


def found(moto: Path) -> set[str]:
    """The places in the sources of moto, which are in that folder."""
    places: set[str] = set()
    for path in sorted(moto.rglob("*.py")):
        parts = path.relative_to(moto.parent).with_suffix("").parts
        source = path.read_text("utf-8")
        if parts[1] not in OWN and _SPEAKS.search(source):
            reader = _Reader([*parts], path.name == "__init__.py")
            reader.visit(ast.parse(source))
            places |= reader.places
    return places


class _Reader(ast.NodeVisitor):
    """Reads one module."""

    def __init__(self, module: list[str], package: bool) -> None:
        self.places: set[str] = set()
        self._module = module[:-1] if package else module
        self._base = self._module if package else module[:-1]
        self._inside: list[str] = []
        self._names = {*BACKENDS}

    def visit_ClassDef(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        names = self._names
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()
        self._names = names

    visit_FunctionDef = visit_ClassDef
    visit_AsyncFunctionDef = visit_ClassDef

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self._base[: len(self._base) - node.level + 1] if node.level else []
        whole = [*base, *(node.module or "").split(".")]
        names = [alias.name for alias in node.names]
        if whole[0] == "moto" and ({*whole[1:2]} & OWN or (whole[1:] in ([], [""]) and {*names} & OWN)):
            self._names = self._names | {a.asname or a.name for a in node.names if a.name in BACKENDS | {"get_backend"}}
            self._note()

    def visit_Import(self, node: ast.Import) -> None:
        if any(alias.name.split(".")[:2] in [["moto", one] for one in OWN] for alias in node.names):
            self._note()

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in self._names:
            self._note()

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in BACKENDS or (node.attr in _MAKERS and ast.unparse(node) in CLIENTS):
            self._note()
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if self._gets_any(node):
            self._note()
        self.generic_visit(node)

    @staticmethod
    def _gets_any(node: ast.Call) -> bool:
        """Whether it is `get_backend(name)` with one of ours, or with a name that is not in the source."""
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called != "get_backend" or len(node.args) != 1:
            return False
        name = node.args[0]
        return name.value in {*OWN, "lambda"} if isinstance(name, ast.Constant) else "account" not in ast.unparse(name)

    def _note(self) -> None:
        self.places.add(":".join([".".join(self._module), *([".".join(self._inside)] if self._inside else [])]))
