"""The id of a request in what moto answers: the one by which the trail and `lambent why` know it, not one of moto's.

Where clients look for it: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html (EC2's elements);
those of the query protocols are in botocore's parsers.
"""

import re

from lambent.wire.http import Response

HEADER = "x-amzn-RequestId"
HEADERS = frozenset({"x-amzn-requestid", "x-amz-request-id"})
QUERY = re.compile(rb"(<ResponseMetadata>\s*<RequestId>|</Error>\s*<RequestId>)[^<]*")
EC2 = re.compile(
    rb"(Response[^>]*>\s*<requestId>|</Errors>\s*<RequestID>|<requestId>(?=[^<]*</requestId>\s*</\w+Response>\s*\Z))[^<]*"
)
ELEMENTS = {"query": QUERY, "rest-xml": QUERY, "ec2": EC2}
"""Protocol -> what stands before the id in its answers."""


def say(response: Response, request_id: str, protocol: str) -> None:
    """Put `request_id` in the place of the ids in an answer."""
    headers = [(name, value) for name, value in response.headers if name.lower() not in HEADERS]
    response.headers = [*headers, (HEADER, request_id)]
    element = ELEMENTS.get(protocol)
    if element is not None and isinstance(response.body, bytes):
        ours = request_id.encode()
        response.body = element.sub(lambda found: found[1] + ours, response.body, count=1)
