"""What the gate does in each mode, with an IAM that is a table."""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from typing import Any

import pytest

from lambent.engine.authorisation import document, principals
from lambent.engine.authorisation.decide import decide
from lambent.gateway.duplex import Peer
from lambent.model.acting import Acting
from lambent.model.credentials import Held
from lambent.model.finding import Finding
from lambent.model.parts import DENIED
from lambent.model.scope import Caller, Scope
from lambent.permissions import facts, gate, reference
from lambent.permissions.attached import Attached
from lambent.permissions.gate import Gate
from lambent.permissions.identities import Identities
from lambent.permissions.ledger import Call, Trail, record
from lambent.permissions.requests import of_service
from lambent.permissions.resolved import Resolved
from lambent.wire import service as wire_service
from lambent.wire.fault import Fault
from lambent.wire.http import Request

ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
QUEUE = f"http://localhost/{ACCOUNT}/q"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-a1b2c3"
SEND = {"QueueUrl": QUEUE, "MessageBody": "m"}
SESSION = Caller(
    Scope(ACCOUNT), "id", "ASIA1", role=ROLE, held=Held("s", ACCOUNT, ROLE, "f", policies=None, tags=(("team", "red"),))
)
OWN = Caller(Scope(ACCOUNT), "id", ACCOUNT)


PLAIN = {
    "DescribeSecret": {"ARN": SECRET},
    "DescribeParameters": {"Parameters": [{"Name": "/db", "KeyId": KEY}]},
    "DescribeTaskDefinition": {"taskDefinition": {"taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/task"}},
    "GetDeployment": {"deploymentInfo": {"applicationName": "app", "deploymentGroupName": "g"}},
    "ListSecrets": {"SecretList": [{"ARN": SECRET}]},
    "ListRoleTags": {"Tags": [{"Key": "team", "Value": "a"}]},
    "ListQueueTags": {"Tags": {"team": "a"}},
    "GetRole": {"Role": {"Arn": f"arn:aws:iam::{ACCOUNT}:role/deep/in/r"}},
}


class World:
    """An IAM with one role; `asked` counts what it was asked."""

    def __init__(self, *statements: dict[str, Any], mode: str = "report", gone: bool = False) -> None:
        self.statements = list(statements)
        self.gone = gone
        self.managed: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.findings: dict[tuple[str, str], Finding] = {}
        self.tasks: list[Coroutine[Any, Any, None]] = []
        self.queue_policy: str | None = None
        self.kms_key: str | None = None
        self.key_policy: str | None = None
        self.trust: dict[str, Any] | None = None
        self.gate = Gate(
            mode, Identities(self.ask), Attached(self.ask), Resolved(self.ask), Trail(), self.report, self.withdraw,
            self.tasks.append, lambda: 1_700_000_000.0, self.role_of,
        )  # fmt: skip

    async def ask(self, service: str, operation: str, params: Mapping[str, Any], scope: Scope) -> dict[str, Any] | None:
        self.asked.append(operation)
        await asyncio.sleep(0)
        if operation == "GetAccountAuthorizationDetails":
            inline = {"PolicyName": "inline", "PolicyDocument": {"Version": "2012-10-17", "Statement": self.statements}}
            role = {"Arn": ROLE, "RolePolicyList": [inline]}
            roles = [] if self.gone else [role | ({"AssumeRolePolicyDocument": self.trust} if self.trust else {})]
            return {"UserDetailList": [], "GroupDetailList": [], "Policies": [], "RoleDetailList": roles}
        if operation == "GetPolicyVersion":
            return {"PolicyVersion": {"Document": {"Version": "2012-10-17", "Statement": self.managed}}}
        if operation == "DescribeKey":
            return {"KeyMetadata": {"Arn": KEY}}
        if operation == "DescribeTable":
            return {"Table": {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}}
        if operation == "GetQueueAttributes":
            said = {"Policy": self.queue_policy, "KmsMasterKeyId": self.kms_key}
            return {"Attributes": {name: value for name, value in said.items() if value}}
        if operation == "DescribeSecret" and params["SecretId"] not in ("db", SECRET, SECRET[:-7]):
            return None
        if operation == "HeadObject":
            return {"SSEKMSKeyId": self.kms_key} if self.kms_key else {}
        if operation == "GetBucketEncryption":
            said = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.kms_key}}
            return {"ServerSideEncryptionConfiguration": {"Rules": [said]}}
        if operation == "GetKeyPolicy":
            return {"Policy": self.key_policy} if self.key_policy else None
        return PLAIN.get(operation)

    async def role_of(self, _scope: Scope, _name: str) -> str:
        return ROLE

    def report(self, finding: Finding) -> None:
        self.findings[finding.code, finding.resource] = finding

    def withdraw(self, resource: str, code: str) -> None:
        self.findings.pop((code, resource), None)

    def changed(self, operation: str, service: str = "iam") -> None:
        async def run() -> None:
            self.gate.done(service, operation)
            while self.tasks:
                await self.tasks.pop(0)

        asyncio.run(run())

    def call(
        self, caller: Caller = SESSION, operation: str = "SendMessage", params: Any = SEND, service: str = "sqs"
    ) -> None:
        async def run() -> None:
            request = Request("POST", "/", "", {})
            await self.gate.check(request, caller, wire_service.load(service), operation, params)
            while self.tasks:
                await self.tasks.pop(0)

        asyncio.run(run())

    def allows(self, *asked: Any, **more: Any) -> bool:
        try:
            self.call(*asked, **more)
        except Fault as fault:
            assert fault.status in (400, 403)
            return False
        return True


ALLOW = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}


def test_a_report_reports() -> None:
    world = World()
    world.call()
    [finding] = world.findings.values()
    assert (finding.code, finding.resource) == ("denied/sqs:SendMessage", ROLE)
    assert finding.message.startswith("AWS would deny it: User: arn:aws:sts::111111111111:assumed-role/app/f is not")


def test_enforce_denies_and_off_does_not_look() -> None:
    world = World(mode="enforce")
    with pytest.raises(Fault) as caught:
        world.call()
    assert (caught.value.code, caught.value.status) == ("AccessDenied", 403)
    world = World(mode="off")
    world.call()
    assert world.asked == []


def test_the_accounts_own_key_may_do_everything() -> None:
    world = World(mode="enforce")
    world.call(OWN)
    assert world.asked == []


def test_what_is_allowed_is_asked_once_until_a_policy_changes() -> None:
    world = World(ALLOW, mode="enforce")
    for _ in range(3):
        world.call()
    assert sorted(world.asked) == ["GetAccountAuthorizationDetails", *["GetQueueAttributes"] * 2]
    world.statements = []
    world.gate.done("iam", "DeleteRolePolicy")
    with pytest.raises(Fault):
        world.call()


def test_reading_changes_nothing_and_a_queues_policy_does() -> None:
    world = World(ALLOW)
    before = world.gate.revision
    world.gate.done("iam", "ListRoles")
    world.gate.done("sqs", "SendMessage")
    world.gate.done("dynamodb", "PutItem")
    assert world.gate.revision == before
    world.gate.done("sqs", "SetQueueAttributes")
    assert world.gate.revision > before


def test_what_depends_on_the_moment_is_asked_again() -> None:
    world = World(ALLOW | {"Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}, mode="enforce")
    world.call()
    assert not world.gate.is_known("ASIA1", "sqs:SendMessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:q")


def test_tags_of_the_session_are_keys() -> None:
    World(ALLOW | {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}}, mode="enforce").call()
    with pytest.raises(Fault):
        World(ALLOW | {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}}, mode="enforce").call()


def test_a_role_that_does_not_exist_is_told_of_once() -> None:
    world = World(gone=True)
    for _ in range(3):
        world.call()
    assert list(world.findings) == [("no-such-role", ROLE)]
    with pytest.raises(Fault, match="there is no"):
        World(gone=True, mode="enforce").call()


def test_a_change_takes_back_what_it_allows_and_nothing_else() -> None:
    world = World()
    world.call()
    world.call(operation="PurgeQueue", params={"QueueUrl": QUEUE})
    both = [("denied/sqs:SendMessage", ROLE), ("denied/sqs:PurgeQueue", ROLE)]
    assert list(world.findings) == both
    world.changed("CreateUser")
    assert list(world.findings) == both
    world.statements = [ALLOW | {"Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}]
    world.changed("PutRolePolicy")
    assert list(world.findings) == both[1:]
    world.statements = [ALLOW | {"Effect": "Deny"}]
    world.changed("PutRolePolicy")
    assert "explicit deny" in world.findings[both[1]].message, "another reason"
    world.gone = True
    world.changed("DeleteRole")
    assert world.findings == {}
    world.call()
    assert list(world.findings) == [("no-such-role", ROLE)]
    world.changed("CreateUser")
    assert list(world.findings) == [("no-such-role", ROLE)]
    world.gone = False
    world.changed("CreateRole")
    assert world.findings == {}


def test_a_queues_policy_takes_back_what_it_allows() -> None:
    world = World()
    world.call()
    statement = ALLOW | {"Principal": {"AWS": ROLE}, "Resource": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}
    world.queue_policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.changed("SetQueueAttributes", "sqs")
    assert world.findings == {}


def test_a_broken_policy_of_a_queue_fails_nobody() -> None:
    for policy in ("{", "[]", '"x"', '{"Statement": 7}'):
        world = World(ALLOW)
        world.queue_policy = policy
        world.call()


def test_a_service_is_asked_of_the_resources_policy() -> None:
    world = World()
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    keys = {"aws:sourcearn": "arn:aws:s3:::b"}

    def asked() -> bool:
        who = principals.service("s3.amazonaws.com")
        return asyncio.run(world.gate.is_allowed(who, "sqs:SendMessage", arn, Scope(ACCOUNT), keys)).decision.allowed

    assert not asked()
    world.gate.done("sqs", "SetQueueAttributes")
    world.queue_policy = (
        '{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage",'
        ' "Resource": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"}}}}'
    )
    assert asked()
    keys["aws:sourcearn"] = "arn:aws:s3:::other"
    assert not asked()


def test_what_a_service_may_by_the_time_is_asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    world, now = World(), [1_700_000_000.0]
    monkeypatch.setattr(world.gate, "wall", lambda: now[0])
    condition = {"DateLessThan": {"aws:CurrentTime": "2023-11-15T00:00:00Z"}, "ArnLike": {"aws:SourceArn": "arn:*"}}
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "*", "Resource": "*"}
    world.queue_policy = json.dumps({"Statement": statement | {"Condition": condition}})
    who, arn = principals.service("s3.amazonaws.com"), f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    seen = []
    for now[0] in (1_700_000_000.0, 1_800_000_000.0, 1_700_000_000.0):
        asked = world.gate.is_allowed(who, "sqs:SendMessage", arn, Scope(ACCOUNT), {"aws:sourcearn": "arn:aws:s3:::b"})
        seen.append(asyncio.run(asked).decision.allowed)
    assert seen == [True, False, True]


def test_what_a_service_may_is_decided_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    decided: list[str] = []

    def counted(ask: Any, policies: Any) -> Any:
        decided.append(ask.keys["aws:sourcearn"])
        return decide(ask, policies)

    monkeypatch.setattr(gate, "decide", counted)
    who, arn = principals.service("s3.amazonaws.com"), f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    for bucket in ("a", "b", "a", "b"):
        keys = {"aws:sourcearn": f"arn:aws:s3:::{bucket}"}
        asyncio.run(world.gate.is_allowed(who, "sqs:SendMessage", arn, Scope(ACCOUNT), keys))
    assert decided == ["arn:aws:s3:::a", "arn:aws:s3:::b"]


def test_the_trail_is_bounded_and_hides_secrets() -> None:
    trail = Trail(bound=3)
    sqs = wire_service.load("sqs")
    for place in range(5):
        trail.add(Call(float(place), SESSION, sqs, "SendMessage", {"QueueUrl": "q", "SecretString": "x"}))
        trail.used(ROLE, "s", "sqs:SendMessage", f"q{place}")
        trail.denied(str(place), object())
    assert [call.at for call in trail.calls()] == [4.0, 3.0, 2.0]
    assert len(trail.rights_of(ROLE)) == 3
    assert (trail.denials("1"), len(trail.denials("4"))) == ([], 1)
    said = record(next(trail.calls()))
    assert said["requestParameters"] == {"queueUrl": "q", "secretString": "HIDDEN_DUE_TO_SECURITY_REASONS"}
    assert said["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == ROLE


def test_a_managed_policy_bounds_a_session_too() -> None:
    held = Held("s", ACCOUNT, ROLE, "f", policies=("arn:aws:iam::111111111111:policy/bound",))
    bounded = Caller(Scope(ACCOUNT), "id", "ASIA2", role=ROLE, held=held)
    world = World(ALLOW, mode="enforce")
    assert not world.allows(bounded)
    world.managed = [ALLOW]
    world.gate.done("iam", "CreatePolicyVersion")
    assert world.allows(bounded)


def test_an_alias_stands_for_its_key() -> None:
    decrypt = {"KeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/mine", "CiphertextBlob": b"x"}
    for resource, conditions, allowed in (
        (KEY, {}, True),
        (KEY, {"StringEquals": {"kms:RequestAlias": "alias/mine"}}, True),
        (KEY, {"StringEquals": {"kms:RequestAlias": "alias/other"}}, False),
        (decrypt["KeyId"], {}, False),
    ):
        statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": resource, "Condition": conditions}
        world = World(statement, mode="enforce")
        assert world.allows(operation="Decrypt", params=decrypt, service="kms") is allowed


@pytest.mark.parametrize("called", ["db", SECRET, SECRET[:-7]])
def test_a_secret_is_its_arn_however_it_is_called(called: str) -> None:
    call = {"operation": "GetSecretValue", "params": {"SecretId": called}, "service": "secretsmanager"}
    allow = {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": SECRET}
    assert World(allow, mode="enforce").allows(**call)
    deny = allow | {"Effect": "Deny"}
    assert not World(allow | {"Resource": "*"}, deny, mode="enforce").allows(**call)
    assert not World(allow | {"Resource": SECRET[:-7]}, mode="enforce").allows(**call)


def test_a_secret_that_is_not_there_is_known_by_its_name() -> None:
    call = {"operation": "GetSecretValue", "params": {"SecretId": "new"}, "service": "secretsmanager"}
    allow = {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": f"{SECRET[:-9]}new-??????"}
    assert World(allow, mode="enforce").allows(**call)


def test_a_role_is_known_with_its_path() -> None:
    call = {"operation": "DeleteRole", "params": {"RoleName": "r"}, "service": "iam"}
    allow = {"Effect": "Allow", "Action": "iam:*", "Resource": f"arn:aws:iam::{ACCOUNT}:role/deep/*"}
    assert World(allow, mode="enforce").allows(**call)
    assert not World(allow | {"Resource": f"arn:aws:iam::{ACCOUNT}:role/r"}, mode="enforce").allows(**call)


def test_a_deny_by_the_tags_of_what_is_asked_for() -> None:
    by_tag = {"Condition": {"StringEquals": {"aws:ResourceTag/Team": "a"}}}
    assert World(ALLOW | by_tag, mode="enforce").allows()
    assert not World(ALLOW, ALLOW | by_tag | {"Effect": "Deny"}, mode="enforce").allows()


def test_tags_are_asked_for_only_when_a_policy_goes_by_them() -> None:
    world = World(ALLOW, {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*", "Condition": {
        "StringEquals": {"aws:ResourceTag/team": "a"}}}, mode="enforce")  # fmt: skip
    world.call()
    assert "ListQueueTags" not in world.asked


def test_a_key_that_no_request_has_is_told_of() -> None:
    world = World(ALLOW | {"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}})
    world.call()
    finding = world.findings["condition-key-not-set/aws:sourcevpce", ROLE]
    assert "no VPC endpoint" in finding.message


TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t"
ITEM = {"pk": {"S": "me"}, "sk": {"S": "x"}}


@pytest.mark.parametrize(
    ("operation", "params", "allowed"),
    [
        ("GetItem", {"TableName": "t", "Key": ITEM}, True),
        ("GetItem", {"TableName": "t", "Key": {"pk": {"S": "you"}}}, False),
        ("PutItem", {"TableName": "t", "Item": ITEM}, True),
        ("BatchGetItem", {"RequestItems": {"t": {"Keys": [ITEM, {"pk": {"S": "you"}}]}}}, False),
        (
            "BatchWriteItem",
            {"RequestItems": {"t": [{"PutRequest": {"Item": ITEM}}, {"DeleteRequest": {"Key": ITEM}}]}},
            True,
        ),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "t", "Item": {"pk": {"S": "you"}}}}]}, False),
        (
            "Query",
            {
                "TableName": "t",
                "KeyConditionExpression": "#p = :me AND sk > :me",
                "ExpressionAttributeNames": {"#p": "pk"},
                "ExpressionAttributeValues": {":me": {"S": "me"}},
            },
            True,
        ),
        ("Query", {"TableName": "t", "KeyConditions": {"pk": {"AttributeValueList": [{"S": "you"}]}}}, False),
        ("ExecuteStatement", {"Statement": "SELECT * FROM t WHERE pk = 'me'"}, True),
        ("ExecuteStatement", {"Statement": "SELECT * FROM t"}, False),
        (
            "BatchExecuteStatement",
            {"Statements": [{"Statement": f"SELECT * FROM t WHERE pk = '{one}'"} for one in ("me", "you")]},
            False,
        ),
        ("BatchGetItem", {"RequestItems": {"t": {"Keys": [ITEM]}, TABLE: {"Keys": [{"pk": {"S": "you"}}]}}}, False),
        (
            "BatchWriteItem",
            {"RequestItems": {"t": [], TABLE: [{"DeleteRequest": {"Key": {"pk": {"S": "you"}}}}]}},
            False,
        ),
    ],
)
def test_the_partition_keys_of_items_are_a_condition(operation: str, params: dict[str, Any], allowed: bool) -> None:
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["me"]}}
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", "Condition": condition}
    assert World(statement, mode="enforce").allows(operation=operation, params=params, service="dynamodb") is allowed


TRUST = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:*"}
THEIRS = "arn:aws:iam::222222222222:role/r"


@pytest.mark.parametrize("mode", ["report", "enforce", "off"])
@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "status"),
    [
        ("lambda", "CreateFunction", {"FunctionName": "f", "Role": THEIRS}, "AccessDeniedException", 403),
        ("lambda", "UpdateFunctionConfiguration", {"FunctionName": "f", "Role": THEIRS}, "AccessDeniedException", 403),
        ("scheduler", "CreateSchedule", {"Target": {"RoleArn": THEIRS}}, "AccessDeniedException", 403),
        ("scheduler", "UpdateSchedule", {"Target": {"RoleArn": THEIRS}}, "AccessDeniedException", 403),
        ("events", "PutRule", {"Name": "r", "RoleArn": THEIRS}, "AccessDeniedException", 400),
        ("events", "PutTargets", {"Targets": [{"Id": "1"}, {"RoleArn": THEIRS}]}, "AccessDeniedException", 400),
        ("logs", "PutSubscriptionFilter", {"roleArn": THEIRS}, "AccessDeniedException", 400),
        ("cloudformation", "CreateStack", {"StackName": "s", "RoleARN": THEIRS}, "AccessDenied", 403),
        ("codedeploy", "CreateDeploymentGroup", {"serviceRoleArn": THEIRS}, "AccessDeniedException", 400),
        ("stepfunctions", "CreateStateMachine", {"roleArn": THEIRS}, "AccessDeniedException", 400),
        ("s3", "PutBucketReplication", {"ReplicationConfiguration": {"Role": THEIRS}}, "AccessDenied", 403),
        ("ecs", "RegisterTaskDefinition", {"executionRoleArn": THEIRS}, "AccessDeniedException", 400),
    ],
)
def test_another_accounts_role_is_passed_to_nothing(
    mode: str, service: str, operation: str, params: dict[str, Any], code: str, status: int
) -> None:
    world = World({"Effect": "Allow", "Action": "*", "Resource": "*"}, mode=mode)
    for caller in (OWN, SESSION):
        with pytest.raises(Fault) as caught:
            world.call(caller, operation, params, service)
        assert (caught.value.code, caught.value.status) == (code, status)
        assert caught.value.message in (
            "Cross-account pass role is not allowed.",
            "Cross-account role passing is not allowed.",
        )


def test_an_own_role_is_passed_and_a_text_that_is_none_is_the_operations_to_judge() -> None:
    for role in (ROLE, ROLE.replace("app", "service-role/app"), "arn:aws:iam::12:role/r", "r", None):
        World(mode="off").call(OWN, "CreateFunction", {"FunctionName": "f", "Role": role}, "lambda")


def test_every_operation_that_passes_a_role_is_one_of_the_services() -> None:
    for service, row in reference.exceptions()["passes"].items():
        for operation in row["roles"]:
            assert wire_service.load(service).operation(operation).name == operation


ENCRYPTING = [
    ("sqs", "SendMessage", SEND, "kms:GenerateDataKey", "kms:Decrypt"),
    ("sqs", "ReceiveMessage", {"QueueUrl": QUEUE}, "kms:Decrypt"),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k"}, "kms:GenerateDataKey"),
    ("s3", "GetObject", {"Bucket": "b", "Key": "k"}, "kms:Decrypt"),
]
ALL = {"Effect": "Allow", "Action": ["sqs:*", "s3:*"], "Resource": "*"}


@pytest.mark.parametrize("row", ENCRYPTING, ids=lambda row: f"{row[0]}:{row[1]}")
@pytest.mark.parametrize("key", [KEY, "1", "alias/mine"])
def test_what_is_encrypted_needs_its_key_by_both_policies(row: tuple[Any, ...], key: str) -> None:
    service, operation, params, *actions = row
    call = {"operation": operation, "params": params, "service": service}
    world = World(ALL, mode="enforce")
    assert world.allows(**call)
    world = World(ALL, mode="enforce")
    world.kms_key = key
    assert not world.allows(**call)
    own = {"Effect": "Allow", "Action": actions, "Resource": KEY}
    world = World(ALL, own, mode="enforce")
    world.kms_key = key
    assert world.allows(**call)
    for principal, allowed in (({"AWS": ROLE}, True), ({"AWS": ACCOUNT}, True), ({"AWS": "222222222222"}, False)):
        world = World(ALL, own, mode="enforce")
        world.kms_key = key
        statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
        world.key_policy = json.dumps({"Statement": statement})
        assert world.allows(**call) is allowed


def test_awss_own_keys_need_nothing() -> None:
    world = World(ALL, mode="enforce")
    world.kms_key = "alias/aws/sqs"
    assert world.allows()


def test_a_request_that_names_its_key_needs_it() -> None:
    put = {"Bucket": "b", "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/mine"}
    call = {"operation": "PutObject", "params": put, "service": "s3"}
    assert not World(ALL, mode="enforce").allows(**call)
    own = {"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": KEY}
    assert World(ALL, own, mode="enforce").allows(**call)


def test_what_the_process_asks_itself_is_nobodys_request() -> None:
    world = World(mode="enforce")
    world.gate.scps = ((document.read("scp", {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}),),)
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/us-east-1/sqs/aws4_request, Signature=none"
    }
    service = wire_service.load("sqs")
    asyncio.run(world.gate.check(Request("POST", "/", "", headers), OWN, service, "SendMessage", SEND))
    with pytest.raises(Fault):
        asyncio.run(world.gate.check(Request("POST", "/", "", {}), OWN, service, "SendMessage", SEND))
    outside = Request("POST", "/", "", headers, client=Peer(asyncio.Transport()))
    with pytest.raises(Fault):
        asyncio.run(world.gate.check(outside, OWN, service, "SendMessage", SEND))


@pytest.mark.parametrize(
    ("held", "service", "operation", "refused"),
    [
        (Held("s", ACCOUNT, user=f"arn:aws:iam::{ACCOUNT}:user/u", token="t"), "iam", "ListUsers", True),
        (Held("s", ACCOUNT, user=f"arn:aws:iam::{ACCOUNT}:user/u", token="t"), "sts", "GetFederationToken", True),
        (Held("s", ACCOUNT, user=f"arn:aws:iam::{ACCOUNT}:user/u", token="t"), "sts", "AssumeRole", False),
        (Held("s", ACCOUNT, user=f"arn:aws:sts::{ACCOUNT}:federated-user/u", token="t"), "sts", "AssumeRole", True),
        (Held("s", ACCOUNT, user=f"arn:aws:sts::{ACCOUNT}:federated-user/u", token="t"), "iam", "ListUsers", True),
        (Held("s", ACCOUNT, token="t"), "iam", "ListUsers", True),
        (Held("s", ACCOUNT, ROLE, "f", token="t"), "iam", "ListUsers", False),
        (Held("s", ACCOUNT, user=f"arn:aws:iam::{ACCOUNT}:user/u"), "sts", "AssumeRole", False),
    ],
)
def test_a_users_session_is_not_for_iam(held: Held, service: str, operation: str, refused: bool) -> None:
    world = World({"Effect": "Allow", "Action": "*", "Resource": "*"}, mode="enforce")
    assert world.allows(Caller(Scope(ACCOUNT), "id", "ASIA", held=held), operation, {}, service) is not refused


@pytest.mark.parametrize(
    ("condition", "assumed"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, False),
        ({"StringEquals": {"aws:ResourceTag/team": "a"}}, False),
        ({"StringEquals": {"aws:ResourceTag/team": "b"}}, True),
    ],
)
def test_a_role_is_assumed_by_all_conditions(condition: Any, assumed: bool) -> None:
    allow = {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}
    world = World(allow, allow | {"Effect": "Deny", "Condition": condition}, mode="enforce")
    world.trust = {"Version": "2012-10-17", "Statement": TRUST}
    verdict, _ = asyncio.run(world.gate.trusts(SESSION, ROLE, "sts:AssumeRole", {}))
    assert verdict is not None
    assert verdict.decision.allowed is assumed


def test_an_organisation_bounds_who_assumes_a_role() -> None:
    world = World({"Effect": "Allow", "Action": "sts:*", "Resource": "*"}, mode="enforce")
    world.trust = {"Version": "2012-10-17", "Statement": TRUST}
    world.gate.scps = ((document.read("scp", {"Statement": {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}}),),)
    verdict, _ = asyncio.run(world.gate.trusts(SESSION, ROLE, "sts:AssumeRole", {}))
    assert verdict is not None
    assert not verdict.decision.allowed


def test_secrets_that_a_batch_finds_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLAIN, "DescribeSecret", {"ARN": SECRET, "KmsKeyId": KEY})
    batch: dict[str, Any] = {"Filters": [{"Key": "name", "Values": ["d"]}]}
    call = {"operation": "BatchGetSecretValue", "params": batch, "service": "secretsmanager"}
    every = {"Effect": "Allow", "Action": ["secretsmanager:*", "kms:Decrypt"], "Resource": "*"}
    assert World(every, mode="enforce").allows(**call)
    deny = {"Effect": "Deny", "Action": "secretsmanager:GetSecretValue", "Resource": SECRET}
    assert World(every, deny, mode="enforce").allows(**call)
    assert list(batch[DENIED]) == [SECRET]
    keyless = {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}
    del batch[DENIED]
    assert World(every, keyless, mode="enforce").allows(**call)
    assert list(batch[DENIED]) == [SECRET]


def test_services_on_the_way_follow_each_other() -> None:
    stack = SESSION._replace(acting=Acting("cloudformation", ACCOUNT, SESSION.held, ("cloudformation.amazonaws.com",)))
    keys = facts.of_right(of_service("sqs", "us-east-1"), stack)
    assert keys["aws:calledvia"] == ("cloudformation.amazonaws.com", "sqs.amazonaws.com")
    assert (keys["aws:calledviafirst"], keys["aws:calledvialast"]) == (
        "cloudformation.amazonaws.com",
        "sqs.amazonaws.com",
    )
    assert facts.of_right(of_service("sqs", "us-east-1"), SESSION)["aws:calledvia"] == ("sqs.amazonaws.com",)


def test_the_trail_does_not_keep_what_is_large() -> None:
    trail, caller = Trail(), Caller(Scope("0" * 12, "us-east-1"), "r")
    trail.add(Call(0.0, caller, wire_service.load("s3"), "PutObject", {"Bucket": "b", "Body": b"x" * 1_000_000}))
    [kept] = trail._calls
    assert kept.params["Bucket"] == "b"
    assert len(kept.params["Body"]) < 200


def test_a_deployment_is_held_against_the_policies_by_its_group() -> None:
    group = f"arn:aws:codedeploy:us-east-1:{ACCOUNT}:deploymentgroup:app"
    allow = {"Effect": "Allow", "Action": "codedeploy:Put*", "Resource": f"{group}/*"}
    call = {"operation": "PutLifecycleEventHookExecutionStatus", "service": "codedeploy"}
    assert World(allow, mode="enforce").allows(**call, params={"deploymentId": "d-1"})
    other = allow | {"Resource": f"{group}s/*"}
    assert not World(other, mode="enforce").allows(**call, params={"deploymentId": "d-1"})


def test_a_task_of_ecs_is_run_by_who_may_pass_the_role_of_its_definition() -> None:
    run = {"Effect": "Allow", "Action": "ecs:RunTask", "Resource": "*"}
    pass_it = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/task"}
    call = {"operation": "RunTask", "service": "ecs", "params": {"taskDefinition": "t:1"}}
    assert World(run, pass_it, mode="enforce").allows(**call)
    assert not World(run, mode="enforce").allows(**call)


def test_the_role_of_who_named_none_need_not_be_there() -> None:
    held = Held("s", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/lambent", "f")
    world = World(gone=True)
    world.call(SESSION._replace(role=held.role, held=held))
    assert world.findings == {}
    world.call(SESSION)
    assert [code for code, _ in world.findings] == ["no-such-role"]


@pytest.mark.parametrize("operation", ["UpdateAlias", "DeleteAlias"])
def test_who_takes_an_alias_from_a_key_needs_the_key(operation: str) -> None:
    alias = {"Effect": "Allow", "Action": "kms:*", "Resource": f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/*"}
    new = {"Effect": "Allow", "Action": "kms:*", "Resource": KEY[:-1] + "2"}
    params = {"AliasName": "alias/mine"} | ({"TargetKeyId": "2"} if operation == "UpdateAlias" else {})
    call: dict[str, Any] = {"operation": operation, "service": "kms", "params": params}
    assert not World(alias, new, mode="enforce").allows(**call)
    assert World(alias, new, new | {"Resource": KEY}, mode="enforce").allows(**call)


@pytest.mark.parametrize(("known", "identity"), [(["shop@a.b", "a.b"], "shop@a.b"), (["a.b"], "a.b"), ([], "shop@a.b")])
def test_who_sends_mail_needs_the_identity_that_was_verified(
    monkeypatch: pytest.MonkeyPatch, known: list[str], identity: str
) -> None:
    said = {"VerificationAttributes": {one: {} for one in known}}
    monkeypatch.setitem(PLAIN, "GetIdentityVerificationAttributes", said)
    call: dict[str, Any] = {"operation": "SendEmail", "service": "ses", "params": {"Source": "shop@a.b"}}
    for name in ("shop@a.b", "a.b"):
        place = f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/{name}"
        allow = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": place}
        assert World(allow, mode="enforce").allows(**call) is (name == identity)


@pytest.mark.parametrize(
    ("operation", "status", "lists", "hidden"),
    [
        ("GetObject", 404, False, True),
        ("HeadObject", 404, False, True),
        ("GetObject", 404, True, False),
        ("GetObject", 412, False, False),
        ("GetBucketPolicy", 404, False, False),
    ],
)
def test_who_may_not_list_a_bucket_is_not_told_what_it_lacks(
    operation: str, status: int, lists: bool, hidden: bool
) -> None:
    listing = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b"}
    reads = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    world = World(reads, *([listing] if lists else []), mode="enforce")
    missing = Fault("NoSuchKey", "The specified key does not exist.", status=status)
    asked = wire_service.load("s3"), operation, {"Bucket": "b", "Key": "k"}, missing
    found = asyncio.run(world.gate.hidden(SESSION, *asked))
    assert (found is not None and (found.code, found.status) == ("AccessDenied", 403)) is hidden


READS = {"Effect": "Allow", "Action": ["secretsmanager:Get*", "ssm:Get*"], "Resource": "*"}
DECRYPTS = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}


@pytest.mark.parametrize(
    ("service", "operation", "params", "context"),
    [
        ("secretsmanager", "GetSecretValue", {"SecretId": "db"}, ("SecretARN", SECRET)),
        (
            "ssm", "GetParameter", {"Name": "/db", "WithDecryption": True},
            ("PARAMETER_ARN", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/db"),
        ),
    ],
)  # fmt: skip
def test_who_reads_what_a_key_keeps_needs_the_key(
    monkeypatch: pytest.MonkeyPatch, service: str, operation: str, params: dict[str, Any], context: tuple[str, str]
) -> None:
    monkeypatch.setitem(PLAIN, "DescribeSecret", {"ARN": SECRET, "KmsKeyId": KEY})
    call = {"operation": operation, "params": params, "service": service}
    name, arn = context
    for condition in ({}, {"Condition": {"StringEquals": {f"kms:EncryptionContext:{name}": arn}}}):
        world = World(READS, DECRYPTS | condition, mode="enforce")
        world.key_policy = None
        assert world.allows(**call)
    assert not World(READS, mode="enforce").allows(**call)
    assert (
        World(READS, mode="enforce").allows(operation="GetParameter", params={"Name": "/db"}, service="ssm")
        if service == "ssm"
        else True
    )
