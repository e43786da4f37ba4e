"""What docker and its like ask of the registry, and what stands in the way of others."""

import asyncio
import io
from pathlib import Path

import orjson
import pytest

from lambent.model.credentials import Held
from lambent.model.scope import Scope
from lambent.store.image_blobs import IDLE_SECONDS
from lambent.wire.http import Request, Response
from tests.unit.services_ecr.ecr_kit import HOST, OTHER, Kit, basic, with_kit
from tests.unit.store.image_kit import Layout, config_of, digest_of, layer_of

ONE = Layout(config_of(Cmd=["one"]), layer_of({"a": "1"}))


def code(response: Response) -> tuple[int, str]:
    assert isinstance(response.body, bytes)
    return response.status, orjson.loads(response.body)["errors"][0]["code"]


def told(response: Response, name: str) -> str:
    return dict(response.headers)[name]


async def body(response: Response) -> bytes:
    assert not isinstance(response.body, bytes)
    return b"".join([piece async for piece in response.body])


def test_an_image_is_pushed_and_pulled(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        pushed = await kit.push("app", ONE, "v1")
        assert (pushed.status, told(pushed, "Docker-Content-Digest")) == (201, ONE.manifest)
        for reference in ("v1", ONE.manifest):
            manifest = await kit.send("GET", f"/v2/app/manifests/{reference}")
            assert (manifest.body, manifest.status) == (ONE.blobs[ONE.manifest], 200)
        layer = digest_of(ONE.layers[0])
        assert await body(await kit.send("GET", f"/v2/app/blobs/{layer}")) == ONE.layers[0]
        some = await kit.send("GET", f"/v2/app/blobs/{layer}", range="bytes=5-")
        assert (some.status, await body(some)) == (206, ONE.layers[0][5:])
        head = await kit.send("HEAD", f"/v2/app/blobs/{layer}")
        assert (head.status, told(head, "Content-Length")) == (200, str(len(ONE.layers[0])))
        assert (await kit.send("GET", "/v2/app/tags/list")).body == b'{"name":"app","tags":["v1"]}'
        assert (await kit.send("GET", "/v2/_catalog")).body == b'{"repositories":["app"]}'

    with_kit(tmp_path, test)


def test_a_blob_comes_in_chunks(tmp_path: Path) -> None:
    data = b"x" * 100

    async def test(kit: Kit) -> None:
        begun = await kit.send("POST", "/v2/app/blobs/uploads/")
        place = told(begun, "Location")
        assert begun.status == 202
        first = await kit.send("PATCH", place, data[:60], content_range="0-59")
        assert (first.status, told(first, "Range")) == (202, "0-59")
        assert code(await kit.send("PATCH", place, data[:60], content_range="0-59"))[0] == 416
        # What was refused is begun again.
        place = told(await kit.send("POST", "/v2/app/blobs/uploads/"), "Location")
        await kit.send("PATCH", place, data[:60])
        assert told(await kit.send("GET", place), "Range") == "0-59"
        made = await kit.send("PUT", f"{place}?digest={digest_of(data)}", data[60:])
        assert (made.status, told(made, "Location")) == (201, f"/v2/app/blobs/{digest_of(data)}")
        assert await body(await kit.send("GET", f"/v2/app/blobs/{digest_of(data)}")) == data

    with_kit(tmp_path, test)


def test_a_large_body_is_read_from_its_file(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        place = told(await kit.send("POST", "/v2/app/blobs/uploads/"), "Location")
        lines = {"host": HOST, "authorization": await kit.login()}
        assert (await kit.registry(Request("PATCH", place, "", lines, file=io.BytesIO(b"large")))).status == 202
        assert (await kit.send("PUT", f"{place}?digest={digest_of(b'large')}")).status == 201

    with_kit(tmp_path, test)


def test_a_blob_that_is_something_else_is_nowhere(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        wrong = await kit.send("POST", f"/v2/app/blobs/uploads/?digest={digest_of(b'x')}", b"y")
        assert code(wrong) == (400, "DIGEST_INVALID")
        for name in ("md5:1", "sha256:../../etc", ""):
            assert (await kit.send("POST", f"/v2/app/blobs/uploads/?digest={name}", b"y")).status in (202, 400)
        assert not {name for name in kit.files() if not name.startswith("staging-")}

    with_kit(tmp_path, test)


def test_an_upload_is_its_repositorys_and_ends_when_nobody_goes_on(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        await kit.ask("CreateRepository", repositoryName="other")
        place = told(await kit.send("POST", "/v2/app/blobs/uploads/"), "Location")
        assert code(await kit.send("PATCH", place.replace("app", "other"), b"x")) == (404, "BLOB_UPLOAD_UNKNOWN")
        assert (await kit.send("PATCH", place, b"x")).status == 202
        kit.time += IDLE_SECONDS + 1
        await kit.send("POST", "/v2/app/blobs/uploads/")
        assert code(await kit.send("PATCH", place, b"x")) == (404, "BLOB_UPLOAD_UNKNOWN")
        again = told(await kit.send("POST", "/v2/app/blobs/uploads/"), "Location")
        assert (await kit.send("DELETE", again)).status == 204
        assert code(await kit.send("GET", again)) == (404, "BLOB_UPLOAD_UNKNOWN")

    with_kit(tmp_path, test)


def test_what_a_killed_server_left_half_done_is_gone(tmp_path: Path) -> None:
    async def half(kit: Kit) -> None:
        await kit.push("app", ONE, "v1")
        place = told(await kit.send("POST", "/v2/app/blobs/uploads/"), "Location")
        await kit.send("PATCH", place, b"half")
        (kit.folder / "registry" / ("0" * 64)).write_bytes(b"written, and then the server was killed")

    async def after(kit: Kit) -> None:
        await kit.env.blobs.sweep({one.removeprefix("sha256:") for one in ONE.blobs}.__contains__)
        assert kit.files() == {one.removeprefix("sha256:") for one in ONE.blobs if one != ONE.manifest}
        assert (await kit.send("GET", "/v2/app/manifests/v1")).status == 200

    with_kit(tmp_path, half)
    with_kit(tmp_path, after)


def test_a_blob_is_mounted_from_a_repository_that_may_be_read(tmp_path: Path) -> None:
    layer = digest_of(ONE.layers[0])

    async def test(kit: Kit) -> None:
        await kit.ask("CreateRepository", repositoryName="other")
        await kit.push("app", ONE, "v1")
        asked = f"/v2/other/blobs/uploads/?mount={layer}&from="
        assert (await kit.send("POST", f"{asked}app")).status == 201
        assert (await kit.send("HEAD", f"/v2/other/blobs/{layer}")).status == 200
        assert (await kit.send("POST", f"/v2/other/blobs/uploads/?mount={digest_of(b'no')}&from=app")).status == 202
        assert code(await kit.send("POST", f"{asked}none")) == (404, "NAME_UNKNOWN")
        kit.denied.add("GetDownloadUrlForLayer")
        assert code(await kit.send("POST", f"{asked}app")) == (403, "DENIED")

    with_kit(tmp_path, test)


@pytest.mark.parametrize(
    "login",
    ["", "Basic", "Basic !!", "Bearer x", basic("AWS", "x"), basic("AWS", "e30=.00"), basic("AWS", "é.é")],
)
def test_nobody_gets_in_without_a_password(tmp_path: Path, login: str) -> None:
    async def test(kit: Kit) -> None:
        answer = await kit.send("GET", "/v2/", login=login)
        assert code(answer) == (401, "UNAUTHORIZED")
        assert told(answer, "WWW-Authenticate").startswith("Basic realm=")

    with_kit(tmp_path, test)


def test_a_password_is_one_accounts_and_does_not_last(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        await kit.push("app", ONE, "v1")
        other, mine = await kit.login(OTHER), await kit.login()
        assert code(await kit.send("GET", "/v2/app/manifests/v1", login=other)) == (404, "NAME_UNKNOWN")
        host = "111111111111.dkr.ecr.eu-west-1.amazonaws.com"
        assert (await kit.send("GET", "/v2/", login=other, host=host)).status == 200
        assert code(await kit.send("GET", "/v2/", login=mine, host=host)) == (403, "DENIED")
        kit.time += 12 * 3600 + 1
        assert code(await kit.send("GET", "/v2/", login=mine)) == (401, "UNAUTHORIZED")

    with_kit(tmp_path, test)


def test_a_password_is_good_for_what_its_key_may_and_as_long(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        held = kit.held["ASIA1"] = Held("s", Scope().account, "arn:aws:iam::000000000000:role/r", expires=kit.time + 60)
        login = await kit.login(key="ASIA1", held=held)
        assert (await kit.send("GET", "/v2/", login=login)).status == 200
        kit.denied.add("PutImage")
        denied = await kit.send("PUT", "/v2/app/manifests/v1", b"{}", login=login)
        assert code(denied) == (403, "DENIED")
        kit.time += 61
        assert code(await kit.send("GET", "/v2/", login=login)) == (401, "UNAUTHORIZED")
        del kit.held["ASIA1"]
        assert code(await kit.send("GET", "/v2/", login=login)) == (401, "UNAUTHORIZED")

    with_kit(tmp_path, test)


def test_a_link_is_for_its_blob_alone(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        await kit.push("app", ONE, "v1")
        layer, config = digest_of(ONE.layers[0]), digest_of(ONE.config)
        said = await kit.ask("GetDownloadUrlForLayer", repositoryName="app", layerDigest=layer)
        place = said["downloadUrl"].removeprefix(f"http://{HOST}")
        assert await body(await kit.send("GET", place, login="")) == ONE.layers[0]
        assert code(await kit.send("GET", place.replace(layer, config), login=""))[0] == 401
        assert code(await kit.send("POST", place, login=""))[0] == 401
        token = place.partition("token=")[2]
        assert code(await kit.send("GET", "/v2/app/tags/list", login=basic("AWS", token)))[0] == 401

    with_kit(tmp_path, test)


@pytest.mark.parametrize(
    ("method", "path", "headers", "is_ours"),
    [
        ("GET", "/v2/", {}, True),
        ("GET", "/v2/a/b/manifests/v1", {}, True),
        ("GET", "/v2/apis", {"authorization": "AWS4-HMAC-SHA256 Credential=x"}, False),
        ("GET", "/v2/apis/a/blobs/b", {"authorization": "AWS4-HMAC-SHA256 Credential=x"}, False),
        ("GET", "/v2/apis", {}, False),
        ("GET", "/v2", {"host": "000000000000.dkr.ecr.us-east-1.localhost:4566"}, True),
        ("GET", "/", {"host": "000000000000.dkr.ecr.us-east-1.localhost:4566"}, False),
        ("POST", "/", {"host": "ecr.us-east-1.amazonaws.com"}, False),
        ("GET", "/bucket/v2/a/blobs/b", {}, False),
    ],
)
def test_which_requests_are_the_registrys(
    tmp_path: Path, method: str, path: str, headers: dict[str, str], is_ours: bool
) -> None:
    async def test(kit: Kit) -> None:
        assert kit.registry.takes(Request(method, path, "", headers)) == is_ours

    with_kit(tmp_path, test)


def test_a_manifest_needs_what_it_names(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        alone = await kit.send("PUT", "/v2/app/manifests/v1", ONE.blobs[ONE.manifest])
        assert code(alone) == (400, "MANIFEST_BLOB_UNKNOWN")
        for wrong in (b"", b"[]", b"{}", b'{"layers":1,"config":2}', b"\xff", b'{"schemaVersion":1,"fsLayers":[]}'):
            assert code(await kit.send("PUT", "/v2/app/manifests/v1", wrong)) == (400, "MANIFEST_INVALID")
        large = await kit.send("PUT", "/v2/app/manifests/v1", b" " * (4 << 20) + b"{}")
        assert code(large) == (413, "SIZE_INVALID")
        await kit.push("app", ONE, "v1")
        wrong_digest = await kit.send("PUT", f"/v2/app/manifests/{digest_of(b'x')}", ONE.blobs[ONE.manifest])
        assert code(wrong_digest) == (400, "DIGEST_INVALID")
        assert code(await kit.send("DELETE", "/v2/app/manifests/v1")) == (405, "UNSUPPORTED")
        assert code(await kit.send("GET", "/v2/none/manifests/v1")) == (404, "NAME_UNKNOWN")

    with_kit(tmp_path, test)


def test_what_is_about_an_image_is_listed_with_it(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        await kit.push("app", ONE, "v1")
        about = orjson.loads(ONE.blobs[ONE.manifest]) | {
            "subject": {"digest": ONE.manifest, "size": 1},
            "artifactType": "a/b",
            "annotations": {"by": "me"},
        }
        put = await kit.send("PUT", "/v2/app/manifests/sig", orjson.dumps(about))
        assert told(put, "OCI-Subject") == ONE.manifest
        found = await kit.send("GET", f"/v2/app/referrers/{ONE.manifest}?artifactType=a/b")
        assert isinstance(found.body, bytes)
        assert [one["annotations"] for one in orjson.loads(found.body)["manifests"]] == [{"by": "me"}]
        none = await kit.send("GET", f"/v2/app/referrers/{ONE.manifest}?artifactType=c/d")
        assert isinstance(none.body, bytes)
        assert orjson.loads(none.body)["manifests"] == []

    with_kit(tmp_path, test)


def test_tags_come_in_pages(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        for tag in "abc":
            await kit.push("app", ONE, tag)
        first = await kit.send("GET", "/v2/app/tags/list?n=2")
        assert (first.body, told(first, "Link")) == (
            b'{"name":"app","tags":["a","b"]}',
            '</v2/app/tags/list?n=2&last=b>; rel="next"',
        )
        assert (await kit.send("GET", "/v2/app/tags/list?n=2&last=b")).body == b'{"name":"app","tags":["c"]}'
        assert code(await kit.send("GET", "/v2/app/tags/list?n=x"))[0] == 400

    with_kit(tmp_path, test)


def test_two_push_the_same_at_once(tmp_path: Path) -> None:
    async def test(kit: Kit) -> None:
        answers = await asyncio.gather(*(kit.push("app", ONE, "v1") for _ in range(4)))
        assert {one.status for one in answers} == {201}
        assert kit.files() == {one.removeprefix("sha256:") for one in ONE.blobs if one != ONE.manifest}

    with_kit(tmp_path, test)
