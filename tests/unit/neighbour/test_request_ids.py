"""moto's answers carry the id by which the request is known here."""

import pytest

from lambent.neighbour import request_ids
from lambent.wire.http import Response

IAM = b"<R><User><Id>1</Id></User><ResponseMetadata>\n<RequestId>%s</RequestId></ResponseMetadata></R>"
REFUSED = b"<ErrorResponse><Error><Code>x</Code></Error><RequestId>%s</RequestId></ErrorResponse>"
EC2 = (
    b'<?xml version="1.0"?><DescribeVpcsResponse xmlns="x">\n<requestId>%s</requestId><vpcSet/></DescribeVpcsResponse>'
)
EC2_REFUSED = b"<Response><Errors><Error><Code>x</Code></Error></Errors>\n<RequestID>%s</RequestID></Response>"


@pytest.mark.parametrize(
    ("protocol", "body"),
    [
        ("query", IAM),
        ("query", REFUSED),
        ("rest-xml", REFUSED),
        ("ec2", EC2),
        ("ec2", b"<XResponse><a/><requestId>%s</requestId></XResponse>"),
        ("ec2", EC2_REFUSED),
        ("query", b"<R><RequestId>of a member</RequestId></R>"),
        ("json", b'{"RequestId": "of a member"}'),
        ("query", b""),
    ],
)
def test_one_id_is_said(protocol: str, body: bytes) -> None:
    of_moto, ours = (body.replace(b"%s", one) for one in (b"moto-1", b"ours"))
    response = Response(200, [("x-amzn-requestid", "moto-1"), ("Content-Type", "x")], of_moto)
    request_ids.say(response, "ours", protocol)
    assert (response.body, response.headers) == (ours, [("Content-Type", "x"), ("x-amzn-RequestId", "ours")])
