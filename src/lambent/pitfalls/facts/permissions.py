"""What a function's role may do: inline policies, SAM's policy templates, the managed policies that matter."""

from collections.abc import Iterator
from typing import Any

from lambent.pitfalls.facts.project import Function, Resource, Stack, Statement
from lambent.pitfalls.facts.tree import UNKNOWN, Map, Ref, Seq, Text, Unknown, text

Result = tuple[list[Statement], bool]
"""Statements, and whether they are all."""


def attach(function: Function) -> None:
    """Fill in `statements` and `permissions_known`."""
    if function.resource.type == "AWS::Serverless::Function" and "Role" not in function.resource.properties:
        statements, known = _sam(function)
    else:
        statements, known = _role(function)
    known = known and not function.resource.open and not connected(function.stack)
    function.statements, function.permissions_known = statements, known


def connected(stack: Stack) -> bool:
    """Whether SAM's connectors give rights that stand nowhere else
    (https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/managing-permissions-connectors.html)."""
    return any(stack.of("AWS::Serverless::Connector")) or "Connectors" in stack.extras


def _sam(function: Function) -> Result:
    policies = function.fact("Policies")
    if policies.absent:
        return [], True
    listed = policies.value if isinstance(policies.value, Seq) else _single(policies.value, policies.place)
    found: list[Statement] = []
    known = True
    for policy, span in zip(listed, listed.at, strict=True):
        statements, whole = _policy(policy, function.resource, span)
        found.extend(statements)
        known = known and whole
    return found, known


def _single(value: Any, place: Any) -> Seq:
    made = Seq((place.line, place.end_line))
    made.put(value, made.span)
    return made


def _policy(policy: Any, resource: Resource, span: tuple[int, int]) -> Result:
    if isinstance(policy, str):
        return managed(policy, resource, span)
    if isinstance(policy, Map) and "Statement" in policy:
        return document(policy, resource)
    if isinstance(policy, Map) and len(policy) == 1:
        name, arguments = next(iter(policy.items()))
        if name in SAM_TEMPLATES and isinstance(arguments, Map):
            return [_template(name, arguments, resource, span)], True
    return [], False


def _template(name: str, arguments: Map, resource: Resource, span: tuple[int, int]) -> Statement:
    actions, kind = SAM_TEMPLATES[name]
    value = next(iter(arguments.values()), UNKNOWN)
    if kind == "s3":
        arn = text(["arn:aws:s3:::", value if isinstance(value, str | Ref | Text | Unknown) else UNKNOWN])
        resources: tuple[Any, ...] = (arn, text([arn, "/*"]))
    else:
        resources = (UNKNOWN if isinstance(value, str) else value,)
    return Statement(True, tuple(actions.split()), resources, resource.at(span))


def _role(function: Function) -> Result:
    role = function.stack.target(function.fact("Role").value)
    if role is None or role.type != "AWS::IAM::Role":
        return [], False
    return of_role(role, function.stack)


def of_role(role: Resource, stack: Stack) -> Result:
    """Everything that is attached to a role of the stack."""
    found: list[Statement] = []
    known = not role.open and not isinstance(role.properties.get("Policies"), Unknown)
    for statements, whole in _attached(role, stack):
        found.extend(statements)
        known = known and whole
    return found, known


def _attached(role: Resource, stack: Stack) -> Iterator[Result]:
    inline = role.properties.get("Policies")
    for policy in inline if isinstance(inline, Seq) else ():
        yield document(policy.get("PolicyDocument"), role) if isinstance(policy, Map) else ([], False)
    arns = role.properties.get("ManagedPolicyArns")
    if isinstance(arns, Seq):
        for arn, span in zip(arns, arns.at, strict=True):
            yield _managed_arn(arn, role, span, stack)
    elif arns is not None:
        yield [], False
    for policy in stack.of("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
        roles = policy.properties.get("Roles", policy.properties.get("RoleName"))
        if any(stack.target(one) is role for one in (roles if isinstance(roles, Seq) else [roles])):
            yield document(policy.properties.get("PolicyDocument"), policy)


def _managed_arn(arn: Any, role: Resource, span: tuple[int, int], stack: Stack) -> Result:
    if isinstance(arn, Ref):
        policy = stack.target(arn)
        return document(policy.properties.get("PolicyDocument"), policy) if policy is not None else ([], False)
    last = arn.parts[-1] if isinstance(arn, Text) else arn
    return managed(last, role, span) if isinstance(last, str) else ([], False)


def managed(name: str, resource: Resource, span: tuple[int, int]) -> Result:
    """A policy of AWS's by its name or ARN."""
    actions = MANAGED.get(name.rpartition("/")[2])
    if actions is None:
        return [], False
    return [Statement(True, tuple(actions.split()), ("*",), resource.at(span))], True


def document(value: Any, resource: Resource) -> Result:
    """A policy document."""
    if not isinstance(value, Map) or "Statement" not in value:
        return [], False
    listed = value["Statement"]
    if isinstance(listed, Map):
        single = Seq(value.at["Statement"])
        single.put(listed, value.at["Statement"])
        listed = single
    if not isinstance(listed, Seq):
        return [], False
    found = []
    known = True
    for statement, span in zip(listed, listed.at, strict=True):
        if isinstance(statement, Map) and "Effect" in statement:
            found.append(_statement(statement, resource, span))
            known = known and ("Action" in statement) and not isinstance(statement["Action"], Unknown)
        else:
            known = False
    return found, known


def _statement(statement: Map, resource: Resource, span: tuple[int, int]) -> Statement:
    return Statement(
        statement["Effect"] == "Allow",
        tuple(_listed(statement.get("Action"))),
        tuple(_listed(statement.get("Resource"))),
        resource.at(span),
        "Condition" in statement,
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def allows(function: Function, action: str) -> bool:
    """Whether some statement allows an action on anything."""
    return any(
        statement.allow and any(not isinstance(one, str) or matches(one, action) for one in statement.actions)
        for statement in function.statements
    )


def matches(pattern: str, action: str) -> bool:
    """Whether an action's pattern (`s3:Get*`) covers an action, whatever their case."""
    from fnmatch import fnmatchcase

    return fnmatchcase(action.lower(), pattern.lower().replace("[", "?"))


_POLICIES = {"s3": "AWS::S3::BucketPolicy", "sqs": "AWS::SQS::QueuePolicy", "sns": "AWS::SNS::TopicPolicy"}
"""Policies of resources: in one account what they allow needs no role's consent."""


def by_its_own_policy(function: Function, action: str) -> bool:
    """Whether a policy of a resource of the stack allows an action to everybody, or to whom is not known.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"""
    for one in function.stack.of(_POLICIES.get(action.partition(":")[0], "")):
        document = one.fact("PolicyDocument", "Statement").value
        for said in document if isinstance(document, list) else [document]:
            if not isinstance(said, Map):
                return True
            actions = said.get("Action")
            named = any(
                not isinstance(name, str) or matches(name, action)
                for name in (actions if isinstance(actions, list) else [actions])
            )
            if said.get("Effect") == "Allow" and named and not _of_a_service(said.get("Principal")):
                return True
    return False


def _of_a_service(principal: Any) -> bool:
    return isinstance(principal, Map) and set(principal) <= {"Service"}


_DYNAMO_READ = "dynamodb:GetItem dynamodb:Scan dynamodb:Query dynamodb:BatchGetItem dynamodb:DescribeTable"
_DYNAMO_WRITE = "dynamodb:PutItem dynamodb:UpdateItem dynamodb:BatchWriteItem"
_S3_READ = "s3:GetObject s3:ListBucket s3:GetBucketLocation s3:GetObjectVersion s3:GetLifecycleConfiguration"
SAM_TEMPLATES: dict[str, tuple[str, str]] = {
    "S3ReadPolicy": (_S3_READ, "s3"),
    "S3WritePolicy": ("s3:PutObject s3:PutObjectAcl s3:PutLifecycleConfiguration", "s3"),
    "S3CrudPolicy": (f"{_S3_READ} s3:PutObject s3:PutObjectAcl s3:DeleteObject s3:PutLifecycleConfiguration", "s3"),
    "S3FullAccessPolicy": ("s3:*Object s3:*ObjectAcl s3:*ObjectVersion s3:ListBucket s3:*ObjectTagging", "s3"),
    "DynamoDBReadPolicy": (_DYNAMO_READ, "arn"),
    "DynamoDBWritePolicy": (_DYNAMO_WRITE, "arn"),
    "DynamoDBCrudPolicy": (
        f"{_DYNAMO_READ} {_DYNAMO_WRITE} dynamodb:DeleteItem dynamodb:ConditionCheckItem",
        "arn",
    ),
    "SQSPollerPolicy": ("sqs:ReceiveMessage sqs:DeleteMessage* sqs:ChangeMessage* sqs:GetQueueAttributes", "arn"),
    "SQSSendMessagePolicy": ("sqs:SendMessage*", "arn"),
    "SNSPublishMessagePolicy": ("sns:Publish", "arn"),
    "SNSCrudPolicy": ("sns:Publish sns:Subscribe sns:CreateTopic sns:*Topic* sns:ListSubscriptionsByTopic", "arn"),
    "LambdaInvokePolicy": ("lambda:InvokeFunction", "arn"),
    "StepFunctionsExecutionPolicy": ("states:StartExecution", "arn"),
    "EventBridgePutEventsPolicy": ("events:PutEvents", "arn"),
    "SSMParameterReadPolicy": (
        "ssm:GetParameter ssm:GetParameters ssm:GetParametersByPath ssm:DescribeParameters",
        "arn",
    ),
    "AWSSecretsManagerGetSecretValuePolicy": ("secretsmanager:GetSecretValue", "arn"),
    "SESCrudPolicy": ("ses:SendEmail ses:SendRawEmail ses:SendTemplatedEmail ses:VerifyEmailIdentity ses:Get*", "arn"),
    "SESSendBouncePolicy": ("ses:SendBounce", "arn"),
    "SESEmailTemplateCrudPolicy": ("ses:*Template* ses:SendEmail ses:SendTemplatedEmail", "arn"),
    "KMSDecryptPolicy": ("kms:Decrypt", "arn"),
    "KMSEncryptPolicy": ("kms:Encrypt", "arn"),
    "KinesisStreamReadPolicy": ("kinesis:Get* kinesis:Describe* kinesis:List*", "arn"),
    "KinesisCrudPolicy": ("kinesis:*", "arn"),
    "FirehoseWritePolicy": ("firehose:PutRecord firehose:PutRecordBatch", "arn"),
    "FirehoseCrudPolicy": ("firehose:*", "arn"),
    "VPCAccessPolicy": ("ec2:*NetworkInterface*", "arn"),
    "CloudWatchPutMetricPolicy": ("cloudwatch:PutMetricData", "arn"),
    "RekognitionDetectOnlyPolicy": ("rekognition:Detect*", "arn"),
    "DynamoDBStreamReadPolicy": ("dynamodb:*Stream* dynamodb:GetRecords dynamodb:GetShardIterator", "arn"),
}
_LOGS = "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"
MANAGED = {
    "AWSLambdaBasicExecutionRole": _LOGS,
    "AWSLambdaExecute": f"{_LOGS} logs:* s3:GetObject s3:PutObject",
    "AWSLambdaVPCAccessExecutionRole": f"{_LOGS} ec2:*NetworkInterface*",
    "AWSLambdaSQSQueueExecutionRole": f"{_LOGS} sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes",
    "AWSLambdaDynamoDBExecutionRole": (
        f"{_LOGS} dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams"
    ),
    "AWSLambdaKinesisExecutionRole": f"{_LOGS} kinesis:Get* kinesis:Describe* kinesis:List* kinesis:SubscribeToShard",
    "AWSXRayDaemonWriteAccess": "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSampling*",
    "AWSXrayWriteOnlyAccess": "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSampling*",
    "CloudWatchLambdaInsightsExecutionRolePolicy": _LOGS,
    "AdministratorAccess": "*",
    "AmazonS3FullAccess": "s3:* s3-object-lambda:*",
    "AmazonS3ReadOnlyAccess": "s3:Get* s3:List* s3:Describe* s3-object-lambda:Get* s3-object-lambda:List*",
    "AmazonDynamoDBFullAccess": "dynamodb:* dax:* kms:DescribeKey lambda:* kinesis:* cloudwatch:Get* sns:* iam:Get*",
    "AmazonDynamoDBReadOnlyAccess": (
        "dynamodb:BatchGetItem dynamodb:Describe* dynamodb:Get* dynamodb:List* dynamodb:PartiQLSelect dynamodb:Query"
        " dynamodb:Scan"
    ),
    "AmazonSQSFullAccess": "sqs:*",
    "AmazonSNSFullAccess": "sns:*",
    "AmazonSESFullAccess": "ses:*",
    "AmazonSSMReadOnlyAccess": "ssm:Describe* ssm:Get* ssm:List*",
    "AmazonSSMFullAccess": "ssm:* cloudwatch:PutMetricData ds:* ec2:Describe* logs:* iam:Get*",
    "AmazonKinesisFullAccess": "kinesis:*",
    "AWSLambda_FullAccess": "lambda:* logs:* xray:* iam:PassRole states:* tag:* kms:ListAliases cloudformation:*",
    "AWSLambdaRole": "lambda:InvokeFunction",
    "SecretsManagerReadWrite": "secretsmanager:* kms:* cloudformation:* lambda:* rds:Describe*",
    "AWSStepFunctionsFullAccess": "states:*",
    "AmazonEventBridgeFullAccess": "events:* schemas:* scheduler:* pipes:*",
    "AmazonTextractFullAccess": "textract:*",
    "AmazonRekognitionFullAccess": "rekognition:*",
    "AmazonBedrockFullAccess": "bedrock:*",
    "ComprehendFullAccess": "comprehend:*",
    "TranslateFullAccess": "translate:*",
}
"""Of AWS's managed policies those that functions' roles have most, by their documents as AWS publishes them."""
