"""Our evaluation of policies beside another evaluator's (npm has it): the same answer to the same cases.

Cases are drawn with a fixed seed. No server is needed.
"""

import json
import random
import shutil
import subprocess
from typing import Any

import pytest

from lambent.engine.authorisation import document, principals
from lambent.engine.authorisation.decide import Ask, Policies, decide
from tests.e2e.clients.installed import installed_by_npm

OTHER_EVALUATOR = "@cloud-copilot/iam-simulate@^0.1.100"
PROGRAM = """
const { runSimulation } = await import(process.argv[1]);
let text = "";
for await (const part of process.stdin) text += part;
const said = [];
for (const simulation of JSON.parse(text)) {
  const answer = await runSimulation(simulation, {});
  said.push(answer.resultType === "single" ? answer.overallResult : JSON.stringify(answer.errors ?? answer));
}
process.stdout.write(JSON.stringify(said));
"""
CASES = 3_000
MINE, OTHER = "111111111111", "222222222222"
ROLE = f"arn:aws:iam::{MINE}:role/app"
SESSION = principals.session(ROLE, "f")
USER = principals.user(f"arn:aws:iam::{MINE}:user/jane")
SNS = principals.service("sns.amazonaws.com")
ACTIONS = {
    "sqs:SendMessage": [f"arn:aws:sqs:us-east-1:{MINE}:q", f"arn:aws:sqs:us-east-1:{OTHER}:q"],
    "s3:GetObject": ["arn:aws:s3:::b/jane/x", "arn:aws:s3:::b/k"],
    "lambda:InvokeFunction": [
        f"arn:aws:lambda:us-east-1:{MINE}:function:f",
        f"arn:aws:lambda:us-east-1:{OTHER}:function:f:live",
    ],
}
SAID_ACTIONS = [
    *("*", "sqs:*", "sqs:SendMessage", "SQS:sendmessage", "sqs:Send*", "s3:GetObject", "s3:Get*", "s3:*Object"),
    *("lambda:InvokeFunction", "lambda:Invoke*", "lambda:GetFunction", "sqs:ReceiveMessage", "s3:GetObjec?"),
]
SAID_RESOURCES = [
    *("*", "arn:aws:sqs:*:*:q", "arn:aws:sqs:us-east-1:*:*", "arn:aws:s3:::b/*", "arn:aws:s3:::b", "arn:aws:s3:::*"),
    *("arn:aws:s3:::b/${aws:username}/*", "arn:aws:lambda:us-east-1:*:function:f", "arn:aws:lambda:*:*:function:f:*"),
    *("arn:aws:s3:::b/${aws:PrincipalTag/team, 'k'}", f"arn:aws:sqs:us-east-1:{MINE}:?", "arn:aws:sqs:eu-west-1:*:q"),
]
PRINCIPALS: list[Any] = [
    *("*", {"AWS": "*"}, {"AWS": MINE}, {"AWS": f"arn:aws:iam::{MINE}:root"}, {"AWS": OTHER}, {"AWS": ROLE}),
    *({"AWS": SESSION.arn}, {"AWS": USER.arn}, {"AWS": [OTHER, ROLE]}, {"Service": "sns.amazonaws.com"}),
    {"Service": ["s3.amazonaws.com", "sns.amazonaws.com"]},
]
KEYS: dict[str, list[Any]] = {
    "aws:SourceIp": ["10.0.0.1", "192.168.1.7", "2001:db8::1"],
    "aws:CurrentTime": ["2026-05-05T00:00:00Z", "2020-01-01T00:00:00Z"],
    "aws:SecureTransport": ["true", "false"],
    "aws:PrincipalTag/team": ["red", "blue", "Red"],
    "aws:SourceArn": [f"arn:aws:sns:us-east-1:{MINE}:t", "arn:aws:s3:::b"],
    "aws:RequestedRegion": ["us-east-1", "eu-west-1"],
    "aws:TagKeys": [["a"], ["a", "b"], ["c"]],
    "aws:MultiFactorAuthAge": ["30", "3000"],
}
TESTS: list[tuple[str, str, Any]] = [
    ("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
    ("IpAddress", "aws:SourceIp", ["2001:db8::/32", "192.168.1.7"]),
    ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"),
    ("DateGreaterThan", "aws:CurrentTime", "2025-01-01T00:00:00Z"),
    ("DateLessThanEquals", "aws:CurrentTime", "2025-01-01T00:00:00Z"),
    ("Bool", "aws:SecureTransport", "true"),
    ("BoolIfExists", "aws:SecureTransport", "true"),
    ("StringEquals", "aws:PrincipalTag/team", "red"),
    ("StringNotEquals", "aws:PrincipalTag/team", ["red", "green"]),
    ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", "RED"),
    ("StringNotEqualsIgnoreCase", "aws:PrincipalTag/team", "RED"),
    ("StringLike", "aws:PrincipalTag/team", ["r*", "bl?e"]),
    ("StringNotLike", "aws:PrincipalTag/team", "r*"),
    ("StringEqualsIfExists", "aws:PrincipalTag/team", "red"),
    ("StringNotEqualsIfExists", "aws:PrincipalTag/team", "red"),
    ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:*"),
    ("ArnEquals", "aws:SourceArn", ["arn:aws:s3:::b", "arn:aws:s3:::c"]),
    ("ArnNotLike", "aws:SourceArn", "arn:aws:sns:*:*:*"),
    ("Null", "aws:SourceArn", "true"),
    ("Null", "aws:PrincipalTag/team", "false"),
    ("StringEquals", "aws:RequestedRegion", "us-east-1"),
    ("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"]),
    ("ForAnyValue:StringEquals", "aws:TagKeys", ["b", "c"]),
    ("ForAllValues:StringLike", "aws:TagKeys", "a*"),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", "a"),
    ("NumericLessThan", "aws:MultiFactorAuthAge", "300"),
    ("NumericGreaterThanEquals", "aws:MultiFactorAuthAge", "300"),
    ("NumericLessThanIfExists", "aws:MultiFactorAuthAge", "300"),
    ("NumericNotEquals", "aws:MultiFactorAuthAge", "30"),
]


class Drawing:
    """One case after the other."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def some(self, things: list[Any]) -> Any:
        """One of them, or a list of two."""
        return self.chance.choice(things) if self.chance.random() < 0.7 else self.chance.sample(things, 2)

    def statement(self, resource_policy: bool = False) -> dict[str, Any]:
        chance = self.chance
        but = chance.random() < 0.1
        said = {
            "Effect": "Allow" if chance.random() < 0.8 else "Deny",
            "NotAction" if but else "Action": self.some(SAID_ACTIONS),
        }
        if chance.random() < 0.1:  # without a variable that may have no value, of which AWS's pages are not clear
            said["NotResource"] = self.some([one for one in SAID_RESOURCES if "username" not in one])
        else:
            said["Resource"] = self.some(SAID_RESOURCES)
        if resource_policy:
            said["Principal"] = chance.choice(PRINCIPALS)
        if chance.random() < 0.4:
            operator, key, values = chance.choice(TESTS)
            said["Condition"] = {operator: {key: values}}
        return said

    def policy(self, resource_policy: bool = False) -> dict[str, Any]:
        count = self.chance.randint(1, 3)
        return {"Version": "2012-10-17", "Statement": [self.statement(resource_policy) for _ in range(count)]}

    def case(self) -> dict[str, Any]:
        """Who asks for what, and what there is."""
        chance = self.chance
        action = chance.choice(list(ACTIONS))
        keys = {name: chance.choice(values) for name, values in KEYS.items() if chance.random() < 0.6}
        who = chance.choice([SESSION, SESSION, USER, SNS])
        resource = chance.choice(ACTIONS[action])
        service = who is SNS
        return {
            "who": who,
            "action": action,
            "resource": resource,
            "account": resource.split(":")[4] or chance.choice([MINE, MINE, OTHER]),
            "keys": keys,
            "identity": [] if service else [self.policy() for _ in range(chance.randint(0, 2))],
            "at_resource": self.policy(True) if service or chance.random() < 0.5 else None,
            "boundary": self.policy() if not service and chance.random() < 0.2 else None,
            "session": self.policy() if who is SESSION and chance.random() < 0.2 else None,
            "scp": self.policy() if not service and chance.random() < 0.2 else None,
        }


def ours(case: dict[str, Any]) -> str:
    """What we say."""
    who = case["who"]
    read = document.read
    keys = {name.lower(): tuple(value) if isinstance(value, list) else value for name, value in case["keys"].items()}
    policies = Policies(
        tuple(read(f"p{place}", one) for place, one in enumerate(case["identity"])),
        read("at resource", case["at_resource"]) if case["at_resource"] else None,
        read("boundary", case["boundary"]) if case["boundary"] else None,
        (read("session", case["session"]),) if case["session"] else None,
        ((read("scp", case["scp"]),),) if case["scp"] else (),
    )
    decision = decide(Ask(who, case["action"], case["resource"], case["account"], keys), policies)
    return "Allowed" if decision.allowed else "ExplicitlyDenied" if decision.explicit else "ImplicitlyDenied"


def theirs(case: dict[str, Any]) -> dict[str, Any]:
    """The case as the other evaluator takes it."""
    who = case["who"]
    own = principals.keys_of(who)
    named = {
        "aws:principalarn": "aws:PrincipalArn",
        "aws:principalaccount": "aws:PrincipalAccount",
        "aws:username": "aws:username",
        "aws:principaltype": "aws:PrincipalType",
        "aws:principalisawsservice": "aws:PrincipalIsAWSService",
        "aws:principalservicename": "aws:PrincipalServiceName",
    }
    said: dict[str, Any] = {
        "request": {
            "principal": who.arn,
            "action": case["action"],
            "resource": {"resource": case["resource"], "accountId": case["account"]},
            "contextVariables": case["keys"] | {named[key]: value for key, value in own.items()},
        },
        "identityPolicies": [{"name": f"p{place}", "policy": one} for place, one in enumerate(case["identity"])],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }
    if case["at_resource"]:
        said["resourcePolicy"] = case["at_resource"]
    if case["boundary"]:
        said["permissionBoundaryPolicies"] = [{"name": "boundary", "policy": case["boundary"]}]
    if case["session"]:
        said["sessionPolicy"] = case["session"]
    if case["scp"]:
        said["serviceControlPolicies"] = [{"orgIdentifier": "o", "policies": [{"name": "scp", "policy": case["scp"]}]}]
    return said


def asked(cases: list[dict[str, Any]]) -> list[str]:
    """What the other evaluator says: Allowed, ExplicitlyDenied, ImplicitlyDenied, or why it can't say."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js")
    module = installed_by_npm(OTHER_EVALUATOR) / "@cloud-copilot/iam-simulate/dist/esm/index.js"
    ran = subprocess.run(
        [node, "--input-type=module", "-e", PROGRAM, str(module)],
        input=json.dumps([theirs(one) for one in cases]), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return list(json.loads(ran.stdout))


def is_known(case: dict[str, Any], mine: str, other: str) -> bool:
    """Where AWS's pages say what we say: a session's policy bounds nothing that a resource's policy gives the session
    itself or to everybody (reference_policies_elements_principal.html, "Role session principals" and on
    `aws:PrincipalArn`)."""
    bounded = case["session"] is not None and case["at_resource"] is not None
    return bounded and (mine, other) == ("Allowed", "ImplicitlyDenied") and ours(case | {"session": None}) == mine


def test_the_same_answer_to_the_same_cases() -> None:
    drawing = Drawing(16)
    cases = [drawing.case() for _ in range(CASES)]
    differ = [
        (mine, other, case)
        for case, other in zip(cases, asked(cases), strict=True)
        if (mine := ours(case)) != other and not is_known(case, mine, other)
    ]
    shown = "\n".join(f"ours {mine}, theirs {other}: {case}" for mine, other, case in differ[:10])
    assert not differ, f"{len(differ)} of {CASES} differ\n{shown}"
