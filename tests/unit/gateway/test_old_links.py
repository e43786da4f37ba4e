"""Links of Signature Version 2, which boto3 makes in us-east-1, count where they were made by who they say."""

import asyncio
import contextlib
import time
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from lambent.gateway import accounts, buckets, old_links
from lambent.gateway.chain import Gateway, account_of
from lambent.gateway.duplex import Peer
from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

KEY, SECRET, TOKEN = "ASIAQAAAAAAAAAAAAAAA", "s3cret", "tok/en+=="


def link(operation: str = "get_object", host: str = "", token: str | None = None, **more: Any) -> Request:
    """As boto3 makes it; `host` is the host name where it has the bucket's name."""
    endpoint = None if host else "http://127.0.0.1:4566"
    client = boto3.client(
        "s3", region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET,
        aws_session_token=token,
    )  # fmt: skip
    params = {"Bucket": "buck", **more} if operation == "list_objects" else {"Bucket": "buck", "Key": "k", **more}
    url = urlsplit(client.generate_presigned_url(operation, Params=params))
    method = {"put_object": "PUT", "delete_object": "DELETE"}.get(operation, "GET")
    return Request(method, url.path, url.query, {"host": url.netloc})


def good(request: Request, secret: str = SECRET) -> bool:
    return old_links.is_link(request) and accounts.is_signed(request, secret)


@pytest.mark.parametrize(
    "request_of",
    [
        link,
        lambda: link(host="yes"),
        lambda: link(token=TOKEN),
        lambda: link(Key="a b/ü+&?=%/c"),
        lambda: link(VersionId="v/1+2"),
        lambda: link(ResponseContentDisposition="attachment; filename=ü"),
        lambda: link("put_object", ContentType="text/plain", Metadata={"a": "b"}),
        lambda: link("list_objects", Prefix="p"),
        lambda: link("get_object_tagging"),
        lambda: link("delete_object", VersionId="1"),
    ],
)
def test_what_boto3_makes_is_good(request_of: Any) -> None:
    assert good(request_of())
    assert not good(request_of(), "guessed")


@pytest.mark.parametrize("added", ["versionId=1", "acl", "retention", "retention=", "response-content-type=text/html"])
def test_what_is_added_to_it_makes_another_of_it(added: str) -> None:
    made = link()
    assert not good(Request(made.method, made.path, f"{made.query}&{added}", made.headers))
    assert not good(Request(made.method, made.path, f"{added}&{made.query}", made.headers))


def test_what_is_changed_in_it_makes_another_of_it() -> None:
    made = link()
    later = made.query.replace("Expires=1", "Expires=2")
    for method, path, query, headers in (
        ("PUT", made.path, made.query, {}),
        ("GET", "/buck/other", made.query, {}),
        ("GET", "/other/k", made.query, {}),
        ("GET", made.path, later, {}),
        ("GET", made.path, made.query.replace("Signature=", "Signature=A"), {}),
        ("GET", made.path, made.query, {"x-amz-acl": "public-read"}),
        ("GET", made.path, f"{made.query}&x-amz-acl=public-read", {}),
        ("GET", made.path, made.query, {"host": "other.s3.amazonaws.com"}),
    ):
        assert not good(Request(method, path, query, made.headers | headers))


class World:
    """A gateway that forwards to nobody."""

    def __init__(self, signed: bool = True) -> None:
        self.asked: list[tuple[str, Caller]] = []
        held = {KEY: Held(SECRET, "111111111111", token=TOKEN, user="arn:aws:iam::111111111111:user/al")}
        self.gateway = Gateway(
            {}, {}, self._forward, account_of, lambda _key: None, lambda: "id", held.get, now=time.time, signed=signed
        )

    async def _forward(self, _request: Request, caller: Caller, service: str) -> Response:
        self.asked.append((service, caller))
        return Response(200, [], b"")

    def ask(self, request: Request, add: str = "", headers: dict[str, str] | None = None) -> int:
        query = f"{request.query}{add}"
        request = Request(
            request.method, request.path, query, request.headers | (headers or {}), client=Peer(asyncio.Transport())
        )
        return asyncio.run(self.gateway(request)).status


def test_a_key_that_was_given_out_here_has_signed_it_in_every_mode() -> None:
    made = link()
    for secret, refused in ((SECRET, False), (None, False), ("another", True)):
        with pytest.raises(Fault) if refused else contextlib.nullcontext():
            buckets.receive(made, Caller(Scope(), "id"), time.time(), lambda _key, said=secret: said)


def test_it_is_its_signers_where_signatures_count() -> None:
    world = World()
    assert world.ask(link(token=TOKEN)) == 200
    assert [(service, caller.scope.account) for service, caller in world.asked] == [("s3", "111111111111")]
    assert world.ask(link(token="another")) == 400
    assert world.ask(link(token=TOKEN), "&acl") == 403
    assert len(world.asked) == 1


@pytest.mark.parametrize("signed", [True, False])
def test_no_other_service_takes_it(signed: bool) -> None:
    world = World(signed)
    assert world.ask(link(token=TOKEN), "&Action=ListUsers&Version=2010-05-08") == 403
    assert world.ask(link(token=TOKEN), headers={"x-amz-target": "DynamoDB_20120810.ListTables"}) == 403
    assert world.asked == []
