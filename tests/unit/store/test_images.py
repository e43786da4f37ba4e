"""Images from layouts, archives and a registry."""

import asyncio
import json
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from image_kit import Layout, config_of, layer_of, tarred

from lambent import outward
from lambent.store import image_sources
from lambent.store.image_layers import ImageError
from lambent.store.image_reference import FileReference, RegistryReference, parse
from lambent.store.images import Images, Sources, Unpacked
from lambent.store.registry import ImageMissing, docker_logins

SAID = config_of(
    Entrypoint=["/bin/run"], Cmd=["app.handler"], WorkingDir="/srv", Env=["A=1", "B=x=y", "EMPTY="], User="1000"
)

HERE = Sources(reach=outward.read(["127.0.0.1"]), folders=[Path(tempfile.gettempdir())])
"""Images of this machine, and its registries."""


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_sources.platform, "machine", lambda: "x86_64")


def image(**more: Any) -> Layout:
    return Layout(SAID, layer_of({"bin/run*": "1", "old": "1"}), layer_of({".wh.old": "", "srv/": ""}), **more)


def get(folder: Path, uri: str) -> Unpacked:
    async def main() -> Unpacked:
        images = Images(folder / "images", HERE)
        return await images.unpacked(uri, await images.resolve(uri))

    return asyncio.run(main())


def check(found: Unpacked, digest: str) -> None:
    assert found.digest == digest
    assert (found.entry_point, found.command) == (("/bin/run",), ("app.handler",))
    assert (found.working_directory, found.user) == ("/srv", "1000")
    assert found.environment == {"A": "1", "B": "x=y", "EMPTY": ""}
    assert sorted(path.name for path in found.root.iterdir()) == ["bin", "srv"]


@pytest.mark.parametrize("packed", [True, False])
def test_an_oci_layout_as_a_folder_and_as_a_tar_file(tmp_path: Path, packed: bool) -> None:
    one = image(packed=packed)
    folder = one.write(tmp_path / "layout")
    check(get(tmp_path, f"oci:{folder}"), one.digest)
    check(get(tmp_path / "two", f"oci:{tarred(folder, tmp_path / 'layout.tar')}"), one.digest)


def test_a_layout_with_many_images_needs_a_name(tmp_path: Path) -> None:
    folder = image().write(tmp_path / "layout", "one", "two")
    check(get(tmp_path, f"oci:{folder}:two"), image().digest)
    for name in ("", ":three"):
        with pytest.raises(ImageError, match="holds one, two: name one"):
            get(tmp_path, f"oci:{folder}{name}")


def test_an_index_for_many_machines(tmp_path: Path) -> None:
    one = image()
    index = json.loads(one.index(architecture="amd64"))
    index["mediaType"] = "application/vnd.oci.image.index.v1+json"
    index["manifests"].insert(0, {"digest": f"sha256:{'0' * 64}", "platform": {"os": "linux", "architecture": "arm64"}})
    digest = one.add(json.dumps(index).encode())
    folder = one.write(tmp_path / "layout")
    (folder / "index.json").write_text(json.dumps({"manifests": [{"digest": digest}]}))
    check(get(tmp_path, f"oci:{folder}"), one.digest)


def test_an_image_for_another_machine_is_refused(tmp_path: Path) -> None:
    folder = Layout(config_of("arm64"), layer_of({"a": "1"})).write(tmp_path / "layout")
    with pytest.raises(ImageError, match="the image is for linux/arm64, this machine is linux/amd64"):
        get(tmp_path, f"oci:{folder}")


def test_what_docker_save_writes(tmp_path: Path) -> None:
    one = image(packed=False)
    path = one.save(tmp_path / "saved.tar", "app:1")
    found = get(tmp_path, f"docker-archive:{path}")
    check(found, found.digest)
    check(get(tmp_path, f"docker-archive:{path}:app:1"), found.digest)
    with pytest.raises(ImageError, match="holds app:1"):
        get(tmp_path, f"docker-archive:{path}:app:2")


def test_it_is_unpacked_once_and_lasts(tmp_path: Path) -> None:
    folder = image().write(tmp_path / "layout")
    first = get(tmp_path, f"oci:{folder}")
    changed = first.root.stat().st_ctime_ns
    (folder / "index.json").unlink()

    async def again() -> None:
        images = Images(tmp_path / "images", HERE)
        assert await images.unpacked(f"oci:{folder}", first.digest) == first
        images.hold(first.digest)
        assert await images.sweep(set()) == []
        images.release(first.digest)
        assert await images.sweep({first.digest}) == []
        assert first.root.stat().st_ctime_ns == changed
        assert await images.sweep(set()) == [first.digest]
        with pytest.raises(ImageError, match=r"has no index\.json"):
            await images.unpacked(f"oci:{folder}", first.digest)
        assert list((tmp_path / "images").iterdir()) == []

    asyncio.run(again())


def test_another_image_under_the_same_name_is_not_taken(tmp_path: Path) -> None:
    folder = image().write(tmp_path / "layout")

    async def main() -> None:
        with pytest.raises(ImageError, match="is another image now"):
            await Images(tmp_path / "images", HERE).unpacked(f"oci:{folder}", "1" * 64)

    asyncio.run(main())


def test_a_blob_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    one = image()
    folder = one.write(tmp_path / "layout")
    (folder / "blobs/sha256" / one.digest).write_text("{}")
    with pytest.raises(ImageError, match="not what its name says"):
        get(tmp_path, f"oci:{folder}")


def test_a_layer_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    one = image()
    folder = one.write(tmp_path / "layout")
    other = layer_of({"evil": "1"})
    (folder / "blobs/sha256" / json.loads(one.blobs[one.manifest])["layers"][0]["digest"][7:]).write_bytes(other)
    with pytest.raises(ImageError, match="not what its name says"):
        get(tmp_path, f"oci:{folder}")


@pytest.mark.parametrize(
    ("uri", "meant"),
    [
        ("oci:/a/b", FileReference("oci", Path("/a/b"), "")),
        ("docker-archive:/a.tar:x:1", FileReference("docker-archive", Path("/a.tar"), "x:1")),
        ("localhost:5000/a/b:1", RegistryReference("localhost:5000", "a/b", "1")),
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/f@sha256:" + "0" * 64,
            RegistryReference("123456789012.dkr.ecr.us-east-1.amazonaws.com", "f", "sha256:" + "0" * 64),
        ),
        ("alpine", RegistryReference("registry-1.docker.io", "library/alpine", "latest")),
        ("docker.io/a/b:1@sha256:" + "1" * 64, RegistryReference("registry-1.docker.io", "a/b", "sha256:" + "1" * 64)),
    ],
)
def test_uris(uri: str, meant: object) -> None:
    assert parse(uri) == meant


@pytest.mark.parametrize(
    "uri", ["", "oci:relative", "a b", "host.x/UP", "host.x/a:", "host.x/a:b:c", "x@sha256:1", "../a"]
)
def test_what_is_no_uri(uri: str) -> None:
    with pytest.raises(ImageError):
        parse(uri)


# --- a registry


class Registry:
    """A registry on this machine: `login` (user:password) is wanted if given, by tokens if `tokens`."""

    def __init__(self, one: Layout, login: str = "", tokens: bool = False) -> None:
        self.one, self.login, self.tokens = one, login, tokens
        self.asked: list[str] = []
        self.port = 0

    def allowed(self, request: web.Request) -> bool:
        import base64

        given = request.headers.get("Authorization", "")
        if self.tokens:
            return given == "Bearer t0ken"
        return not self.login or given == f"Basic {base64.b64encode(self.login.encode()).decode()}"

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path == "/token":
            assert request.query == {"service": "reg", "scope": "repository:team/app:pull"}
            return web.json_response({"token": "t0ken"})
        if not self.allowed(request):
            realm = f'Bearer realm="http://127.0.0.1:{self.port}/token",service="reg"' if self.tokens else "Basic"
            return web.Response(status=401, headers={"WWW-Authenticate": realm})
        name = request.path.rpartition("/")[2]
        if not request.path.startswith("/v2/team/app/"):
            return web.Response(status=404)
        data = self.one.blobs.get(self.one.manifest if name == "v1" else name)
        return web.Response(status=404) if data is None else web.Response(body=data)

    async def serve(self, use: Callable[[str], Awaitable[None]]) -> None:
        app = web.Application()
        app.router.add_get("/{tail:.*}", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        try:
            await use(f"127.0.0.1:{self.port}/team/app")
        finally:
            await runner.cleanup()


@pytest.mark.parametrize(("login", "tokens"), [("", False), ("me:secret", False), ("", True)])
def test_pulling(tmp_path: Path, login: str, tokens: bool) -> None:
    one = image()
    registry = Registry(one, login, tokens)
    config = tmp_path / "config.json"

    async def use(name: str) -> None:
        host, _, _ = name.partition("/")
        user, _, password = login.partition(":")
        config.write_text(json.dumps({"auths": {host: {"username": user, "password": password}} if login else {}}))
        images = Images(tmp_path / "images", replace(HERE, logins=docker_logins(config)))
        digest = await images.resolve(f"{name}:v1")
        assert digest == one.digest
        assert not any("/blobs/" in path for path in registry.asked)
        check(await images.unpacked(f"{name}:v1", digest), digest)
        assert [path.name for path in (tmp_path / "images").iterdir()] == [digest]
        with pytest.raises(ImageMissing, match="has no v2"):
            await images.resolve(f"{name}:v2")

    asyncio.run(registry.serve(use))


def test_a_registry_that_lies_or_refuses(tmp_path: Path) -> None:
    one = image()

    async def use(name: str) -> None:
        images = Images(tmp_path / "images", HERE)
        one.blobs[json.loads(one.blobs[one.manifest])["layers"][1]["digest"]] = b"other"
        with pytest.raises(ImageError, match="sent something else than layer"):
            await images.unpacked(f"{name}:v1", one.digest)
        assert list((tmp_path / "images").iterdir()) == []

    asyncio.run(Registry(one).serve(use))

    async def locked(name: str) -> None:
        with pytest.raises(ImageMissing, match="does not let us read team/app"):
            await Images(tmp_path / "images", HERE).resolve(f"{name}:v1")

    asyncio.run(Registry(one, "me:secret").serve(locked))

    async def nobody() -> None:
        with pytest.raises(ImageError, match="can't be reached"):
            await Images(tmp_path / "images", HERE).resolve("127.0.0.1:1/a:1")

    asyncio.run(nobody())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"])
def test_a_registry_of_this_machine_is_not_asked_unless_it_is_listed(tmp_path: Path, host: str) -> None:
    registry = Registry(image())

    async def use(_name: str) -> None:
        with pytest.raises(ImageError, match="the setting reach does not list"):
            await Images(tmp_path / "images").resolve(f"{host}:{registry.port}/team/app:v1")

    asyncio.run(registry.serve(use))
    assert registry.asked == []


def test_a_registry_does_not_send_us_to_this_machine(tmp_path: Path) -> None:
    inner = Registry(image())

    async def redirecting(name: str) -> None:
        listed = outward.read([f"127.0.0.1:{outer.port}"])
        with pytest.raises(ImageError, match="the setting reach does not list"):
            await Images(tmp_path / "images", Sources(reach=listed)).resolve(f"127.0.0.1:{outer.port}/team/app:v1")

    class Outer(Registry):
        async def answer(self, request: web.Request) -> web.Response:
            self.asked.append(request.path)
            raise web.HTTPFound(f"http://127.0.0.1:{inner.port}{request.path}")

    outer = Outer(image())
    asyncio.run(inner.serve(lambda _name: outer.serve(redirecting)))
    assert len(outer.asked) == 1
    assert inner.asked == []


# --- files of this machine


def test_what_is_not_allowed_reads_like_what_is_not_there(tmp_path: Path) -> None:
    allowed, private = tmp_path / "allowed", tmp_path / "private"
    allowed.mkdir()
    image().write(private / "layout")
    (allowed / "link").symlink_to(private)
    os.mkfifo(allowed / "pipe")
    sources = Sources(folders=[allowed])
    said = set()
    for path in (
        *(private / "layout", private / "none", allowed / "none", allowed / "link/layout", allowed / "pipe"),
        *(allowed / "../private/layout", Path("/etc/shadow"), tmp_path / "allowed-too"),
    ):
        for kind in ("oci", "docker-archive"):
            with pytest.raises(ImageError) as refused:
                asyncio.run(Images(tmp_path / "images", sources).resolve(f"{kind}:{path}"))
            said.add(str(refused.value).replace(str(path), "PATH"))
    assert said == {"PATH: there is no such file or folder below those that the setting image_folders lists"}


def test_nothing_of_a_layout_leads_out_of_it(tmp_path: Path) -> None:
    one = image()
    folder = one.write(tmp_path / "allowed/layout")
    secret = tmp_path / "secret"
    secret.write_bytes(one.blobs[one.manifest])
    for blob in (folder / "blobs/sha256" / one.manifest.removeprefix("sha256:"), folder / "index.json"):
        content = blob.read_bytes()
        blob.unlink()
        blob.symlink_to(secret)
        with pytest.raises(ImageError, match=f"has no .*{blob.name}"):
            asyncio.run(Images(tmp_path / "images", Sources(folders=[tmp_path / "allowed"])).resolve(f"oci:{folder}"))
        blob.unlink()
        blob.write_bytes(content)
