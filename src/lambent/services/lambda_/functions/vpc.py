"""VpcConfig: asked of EC2, wherever EC2 is answered, as AWS asks it.

Source of the texts: recorded answers (TestLambdaFunction::test_invalid_vpc_config_*) unless a comment says otherwise.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.wire.http import Request, unsigned

_API_VERSION = "2016-11-15"
_NONE = {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": False}


async def look_up(env: LambdaEnv, caller: Caller, sent: Mapping[str, Any]) -> dict[str, Any]:
    """VpcConfigResponse for a VpcConfig. Raises Fault for subnets and security groups that are not there."""
    subnets, groups = sent.get("SubnetIds") or [], sent.get("SecurityGroupIds") or []
    if bool(subnets) != bool(groups):
        # Text as publicly reported by callers of AWS.
        raise faults.invalid("SecurityGroupIds and SubnetIds must coexist or be both empty list.")
    if not subnets:
        return dict(_NONE)
    found = await _describe(env, caller, "DescribeSubnets", "SubnetId", subnets)
    found |= await _describe(env, caller, "DescribeSecurityGroups", "GroupId", groups)
    if len(found) != 1:
        # Wording of our own.
        raise faults.invalid(
            f"Subnets and security groups must be of one VPC, these are of {', '.join(sorted(found))}."
        )
    return {
        "SubnetIds": list(subnets),
        "SecurityGroupIds": list(groups),
        "VpcId": found.pop(),
        "Ipv6AllowedForDualStack": bool(sent.get("Ipv6AllowedForDualStack", False)),
    }


async def _describe(env: LambdaEnv, caller: Caller, action: str, member: str, ids: Sequence[str]) -> set[str]:
    """The VPCs of what the ids name."""
    named = {f"{member}.{number}": one for number, one in enumerate(ids, 1)}
    body = urlencode({"Action": action, "Version": _API_VERSION} | named).encode()
    headers = {
        "host": "127.0.0.1",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
        "authorization": unsigned(caller.scope.account, caller.scope.region, "ec2"),
    }
    response = await env.forward(Request("POST", "/", "", headers, body), caller, "ec2")
    text = response.body.decode("utf-8", "replace") if isinstance(response.body, bytes) else ""
    if response.status != 200:
        code, message = re.search(r"<Code>(.*?)</Code>", text), re.search(r"<Message>(.*?)</Message>", text)
        raise faults.ec2_refused(
            action, code[1] if code else "InternalError", message[1] if message else "EC2 did not answer."
        )
    return set(re.findall(r"<vpcId>(.*?)</vpcId>", text))
