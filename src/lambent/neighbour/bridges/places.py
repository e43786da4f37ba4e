"""Where moto reaches for Lambda or SQS, would run what it reads, or keeps a table's stream otherwise than AWS, and
what does it instead: the whole list of what we change in moto.

What is refused before it comes to moto is in `lambent.neighbour.kept`, what never sends in
`lambent.neighbour.unreached`; `lambent.neighbour.bridges.reaches` lists every place in moto, and what becomes of it.
"""

import functools
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from lambent.neighbour.bridges import (
    cloudfront,
    dynamodb,
    iam,
    identity_pools,
    results,
    secretsmanager,
    states,
    templates,
    timing,
)
from lambent.neighbour.bridges.expressions import paths
from lambent.neighbour.bridges.expressions import replaced as expressions
from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.importing import when_imported
from lambent.neighbour.bridges.machines import context, ending, errors, logging, operations, telling, validating
from lambent.neighbour.bridges.machines.maps import definition, inline, running
from lambent.neighbour.bridges.pools.replaced import REPLACED

Make = Callable[[Gateway, Any], Callable[..., Any]]
"""The replacement, given what it replaces."""


@dataclass(frozen=True, slots=True)
class Place:
    """A function of moto's: its module, its name there, and the parameters that we know it by."""

    module: str
    name: str
    parameters: tuple[str, ...]
    make: Make

    def current(self) -> Any:
        """What is there now. Raises ImportError or AttributeError when moto has moved it."""
        found: Any = importlib.import_module(self.module)
        for part in self.name.split("."):
            found = getattr(found, part)
        return found

    def put(self, replacement: Callable[..., Any]) -> None:
        """Put something in its place."""
        owner: Any = importlib.import_module(self.module)
        *path, last = self.name.split(".")
        for part in path:
            owner = getattr(owner, part)
        setattr(owner, last, replacement)


_PARTS = "moto.stepfunctions.parser.asl.component"
_MAPS = f"{_PARTS}.state.exec.state_map"
_TASKS = f"{_PARTS}.state.exec.state_task"
_WAITS = f"{_PARTS}.state.wait.wait_function"
_LOGGING = "moto.stepfunctions.parser.asl.eval.event.logging"
_EVENTS = "moto.stepfunctions.parser.asl.eval.event.event_manager"
_CALLBACKS = "moto.stepfunctions.parser.asl.eval.callback.callback"
_NAMED = ("self", "error_name")
PLACES: Sequence[Place] = (
    Place("moto.iam.policy_validation", "BaseIAMPolicyValidator._validate_version", ("self",), iam.validate_version),
    Place(
        "moto.iam.models",
        "IAMBackend.update_role",
        ("self", "role_name", "role_description", "max_session_duration"),
        iam.update_role,
    ),
    Place("moto.dynamodb.models.table", "StreamShard.add", ("self", "old", "new"), dynamodb.add_record),
    Place("moto.dynamodb.models.table", "Table.set_stream_specification", ("self", "streams"), dynamodb.switch),
    Place(
        "moto.dynamodb.models",
        "DynamoDBBackend.update_table_streams",
        ("self", "table", "stream_specification"),
        dynamodb.update,
    ),
    *(
        Place("moto.dynamodbstreams.models", f"DynamoDBStreamsBackend.{name}", ("self", *parameters), make)
        for name, parameters, make in (
            ("describe_stream", ("arn",), dynamodb.describe),
            (
                "get_shard_iterator",
                ("arn", "shard_id", "shard_iterator_type", "sequence_number"),
                dynamodb.iterate,
            ),
            ("get_records", ("iterator_arn", "limit"), dynamodb.read),
        )
    ),
    Place(
        "moto.stepfunctions.parser.asl.utils.boto_client",
        "boto_client_for",
        ("region", "service", "state_credentials"),
        states.client_for,
    ),
    Place("moto.stepfunctions.parser.asl.eval.states", "ContextObject.update_task_token", ("self",), states.token),
    Place(f"{_TASKS}.state_task_activitiy", "StateTaskActivity._eval_execution", ("self", "env"), states.activity),
    Place(
        f"{_TASKS}.state_task",
        "StateTask._eval_state_credentials",
        ("self", "env"),
        states.credentials,
    ),
    Place(f"{_TASKS}.state_task_lambda", "StateTaskLambda._from_error", ("self", "env", "ex"), states.by_arn),
    Place(f"{_PARTS}.state.choice.state_choice", "StateChoice._eval_state", ("self", "env"), errors.unmatched),
    Place(
        f"{_TASKS}.service.state_task_service_api_gateway",
        "StateTaskServiceApiGateway._eval_service_task",
        ("self", "env", "resource_runtime_part", "normalised_parameters", "task_credentials"),
        errors.no_gateway,
    ),
    Place(
        f"{_TASKS}.service.state_task_service_api_gateway",
        "StateTaskServiceApiGateway._from_error",
        ("self", "env", "ex"),
        errors.of_gateway,
    ),
    Place(f"{_PARTS}.common.error_name.custom_error_name", "CustomErrorName.__init__", _NAMED, errors.custom),
    Place(
        f"{_PARTS}.common.error_name.error_equals_decl", "ErrorEqualsDecl._eval_body", ("self", "env"), errors.equals
    ),
    *(
        Place(
            f"{_TASKS}.service.state_task_service_{module}",
            f"StateTaskService{name}._eval_service_task",
            ("self", "env", "resource_runtime_part", "normalised_parameters", "state_credentials"),
            results.with_metadata,
        )
        for module, name in (
            ("lambda", "Lambda"),
            ("sqs", "Sqs"),
            ("sns", "Sns"),
            ("dynamodb", "DynamoDB"),
            ("events", "Events"),
        )
    ),
    Place("moto.stepfunctions.parser.asl.utils.encoding", "to_json_str", ("obj", "separators"), results.written),
    *(
        Place(f"{_TASKS}.{module}", f"{name}._from_error", ("self", "env", "ex"), states.denied(error))
        for module, name, error in (
            ("service.state_task_service_lambda", "StateTaskServiceLambda", "Lambda.AWSLambdaException"),
            ("service.state_task_service_dynamodb", "StateTaskServiceDynamoDB", "DynamoDB.AmazonDynamoDBException"),
            ("service.state_task_service_sfn", "StateTaskServiceSfn", "StepFunctions.AWSStepFunctionsException"),
            ("service.state_task_service_sqs", "StateTaskServiceSqs", "SQS.AmazonSQSException"),
            ("service.state_task_service_events", "StateTaskServiceEvents", "EventBridge.AmazonEventBridgeException"),
        )
    ),
    *(
        Place(
            f"{_TASKS}.service.state_task_service_sfn",
            f"StateTaskServiceSfn._normalise_{what}",
            ("self", what, "boto_service_name", "service_action_name"),
            make,
        )
        for what, make in (("parameters", states.asked), ("response", states.answered))
    ),
    Place("moto.stepfunctions.parser.backend.execution", "Execution.start", ("self",), telling.begun),
    Place(
        "moto.stepfunctions.parser.backend.execution",
        "BaseExecutionWorkerCommunication._reflect_execution_status",
        ("self",),
        telling.ended,
    ),
    Place(
        "moto.stepfunctions.parser.backend.execution",
        "Execution.stop",
        ("self", "stop_date", "error", "cause"),
        ending.stopped,
    ),
    Place(f"{_MAPS}.state_map", "StateMap._eval_execution", ("self", "env"), running.evaluated),
    Place(
        "moto.stepfunctions.parser.asl.parse.asl_parser",
        "AmazonStateLanguageParser.parse",
        ("definition",),
        definition.parsed,
    ),
    Place(
        f"{_MAPS}.iteration.inline_iteration_component",
        "InlineIterationComponentEvalInput.__init__",
        ("self", "state_name", "max_concurrency", "input_items", "parameters", "item_selector"),
        inline.bounded,
    ),
    Place(
        f"{_MAPS}.iteration.iteration_worker",
        "IterationWorker._eval_pool",
        ("self", "job", "worker_frame"),
        inline.pooled,
    ),
    Place(f"{_PARTS}.program.program", "Program.eval", ("self", "env"), ending.evaluated),
    Place(
        _EVENTS,
        "EventManager.add_event",
        ("self", "context", "event_type", "event_details", "timestamp", "update_source_event_id"),
        ending.added,
    ),
    Place(_EVENTS, "EventManager._get_current_timestamp", (), ending.stamped),
    Place(
        "moto.stepfunctions.parser.backend.execution_worker",
        "ExecutionWorker._execution_logic",
        ("self",),
        states.execute,
    ),
    Place(_LOGGING, "CloudWatchLoggingSession.__init__", ("self", "execution_arn", "configuration"), logging.opened),
    Place(_LOGGING, "CloudWatchLoggingSession.publish_history_log", ("self", "history_log"), logging.published),
    Place(_LOGGING, "is_logging_enabled_for", ("log_level", "history_event_type"), logging.asked_for),
    Place(
        _EVENTS,
        "EventManager._remove_data_from_history_log",
        ("details_body",),
        logging.without_data,
    ),
    *(
        Place(f"{_PARTS}.{module}", f"{name}._eval_body", ("self", "env"), make)
        for module, name, make in (
            ("common.string.string_expression", "StringJSONata", expressions.expression),
            ("common.string.string_expression", "StringVariableSample", expressions.variable),
            ("state.choice.comparison.comparison", "ConditionStringJSONata", expressions.condition),
        )
    ),
    Place(
        "moto.stepfunctions.parser.backend.execution_worker",
        "ExecutionWorker._get_evaluation_environment",
        ("self",),
        context.environment,
    ),
    Place(
        "moto.stepfunctions.parser.asl.parse.preprocessor",
        "Preprocessor._inner_string_of",
        ("parser_rule_context",),
        definition.unescaped,
    ),
    Place(
        "moto.stepfunctions.parser.asl.parse.intrinsic.intrinsic_parser",
        "IntrinsicParser.parse",
        ("src",),
        expressions.intrinsic,
    ),
    Place("moto.stepfunctions.parser.asl.utils.json_path", "extract_json", ("path", "data"), paths.extracted),
    Place(f"{_WAITS}.wait_function", "WaitFunction._wait_interval", ("self", "env", "wait_seconds"), timing.interval),
    Place(f"{_WAITS}.timestamp", "Timestamp._get_wait_seconds", ("self", "env"), timing.until),
    Place(_CALLBACKS, "CallbackEndpoint.wait", ("self", "timeout"), timing.notified),
    Place(_CALLBACKS, "HeartbeatEndpoint.clear_and_wait", ("self",), timing.heartbeat),
    Place(
        "moto.stepfunctions.parser.models",
        "StepFunctionsParserBackend._validate_definition",
        ("definition",),
        validating.validation,
    ),
    Place(
        "moto.secretsmanager.models",
        "SecretsManagerBackend.update_secret_version_stage",
        ("self", "secret_id", "version_stage", "remove_from_version_id", "move_to_version_id"),
        secretsmanager.move_stage,
    ),
    *(Place(*one) for one in REPLACED),
    Place("yaml", "load", ("stream", "Loader"), templates.load),
    Place("yaml", "load_all", ("stream", "Loader"), templates.load_all),
)


def install(path: str) -> None:
    """Change this process's moto, each module when it is imported, which raises AttributeError when moto has moved one
    of the places. The gateway's socket is at `path`."""
    gateway = Gateway(path)
    timing.told_by(gateway)
    changes: dict[str, Callable[[ModuleType], None]] = {
        module: functools.partial(_change, gateway, module) for module in {place.module for place in PLACES}
    }
    more = {
        "moto.stepfunctions.models": states.share_machines,
        "moto.stepfunctions.responses": operations.answered,
        "moto.stepfunctions.parser.api": operations.named,
        f"{_PARTS}.common.retry.retrier_decl": timing.retries(gateway),
        f"{_PARTS}.state.state": context.states,
        "moto.stepfunctions.parser.asl.parse.preprocessor": definition.own_scopes,
        "moto.stepfunctions.parser.utils": context.threads,
        "moto.iam.responses": iam.changed,
        "moto.cognitoidentity.models": identity_pools.with_names,
        "moto.cognitoidentity.responses": identity_pools.with_roles,
        "moto.cloudfront.models": cloudfront.whole,
    }
    when_imported({**changes, **more})
    states.run_executions()


def _change(gateway: Gateway, module: str, _imported: ModuleType) -> None:
    for place in PLACES:
        if place.module == module:
            place.put(place.make(gateway, place.current()))
