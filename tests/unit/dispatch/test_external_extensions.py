"""Which extensions are started, how, and what is said of those that are not."""

import asyncio
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lambent.environments.extensions import ExternalExtensions, find, variables
from lambent.runtime_api.extensions import About, Extensions
from lambent.runtimes.place import Folders
from lambent.sandbox.errors import StartFailed
from lambent.sandbox.spec import ExitStatus, ProcessSpec


class Process:
    def __init__(self) -> None:
        self.exited: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()

    def kill(self) -> None:
        self.exited.set_result(ExitStatus(signal=9))


@dataclass
class Bench:
    """A sandbox on paper, and what is told of extensions in it."""

    folder: Path
    failed: list[tuple[str, str]] = field(default_factory=list)
    gone: int = 0
    specs: list[ProcessSpec] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    broken: bool = False

    def __post_init__(self) -> None:
        numbers = itertools.count()
        quiet: Any = SimpleNamespace(on_registered=lambda: None, on_joined=lambda: None, on_ready=lambda: None)
        about = About("f", "1", "h", "1")
        self.registry = Extensions(about, quiet, lambda: f"00000000-0000-4000-8000-{next(numbers):012}")
        self.external = ExternalExtensions(self.registry, lambda *why: self.failed.append(why), self.on_gone)
        self.launched: Any = SimpleNamespace(
            folders=Folders(self.folder / "none", self.folder),
            environment={"_HANDLER": "h", "PATH": "/bin", "LAMBDA_TASK_ROOT": "/var/task", "MINE": "1"},
            sandbox=SimpleNamespace(start=self.start),
        )

    def on_gone(self) -> None:
        self.gone += 1

    async def start(self, spec: ProcessSpec) -> Process:
        if self.broken:
            raise StartFailed("fork", "no room", "", 11)
        self.specs.append(spec)
        self.processes.append(Process())
        return self.processes[-1]

    async def run(self, *names: str) -> None:
        await self.external.start(self.launched, names, {1: 5, 2: 5})

    def put(self, *names: str, mode: int = 0o755) -> None:
        folder = self.folder / "extensions"
        folder.mkdir(exist_ok=True)
        for name in names:
            (folder / name).write_text("#!/bin/sh\n")
            (folder / name).chmod(mode)


def test_files_are_extensions_and_folders_are_not(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert find(bench.launched) == []
    bench.put("b.sh", "a.sh", ".hidden")
    (tmp_path / "extensions" / "lib").mkdir()
    assert find(bench.launched) == [".hidden", "a.sh", "b.sh"]
    bench.launched.folders = Folders(tmp_path)
    assert find(bench.launched) == []


def test_links_are_followed_as_they_lead_inside(tmp_path: Path) -> None:
    """What this machine has where a layer's or an image's link says is nobody's business."""
    host, opt = tmp_path / "host", tmp_path / "opt"
    (host / "folder").mkdir(parents=True)
    (host / "told").write_text("")
    (opt / "real").mkdir(parents=True)
    (opt / "real" / "a.sh").symlink_to(host / "folder")  # a folder of the host: inside there is nothing
    (opt / "extensions").symlink_to("/opt/real")
    bench = Bench(tmp_path)
    bench.launched.folders = Folders(tmp_path / "code", opt)
    assert find(bench.launched) == ["a.sh"]
    (opt / "extensions").unlink()
    (opt / "extensions").symlink_to(host)
    assert find(bench.launched) == []
    bench.launched.folders = Folders(tmp_path, image=True)
    assert find(bench.launched) == []


def test_an_image_has_its_extensions_in_its_root(tmp_path: Path) -> None:
    (tmp_path / "opt").mkdir()
    bench = Bench(tmp_path / "opt")
    bench.put("a.sh")
    bench.launched.folders = Folders(tmp_path, image=True)
    assert find(bench.launched) == ["a.sh"]


def test_they_are_executed_with_the_variables_that_are_theirs(tmp_path: Path) -> None:
    async def run() -> None:
        bench = Bench(tmp_path)
        bench.put("a.sh")
        await bench.run("a.sh")
        expected = ProcessSpec({"PATH": "/bin", "MINE": "1"}, argv=("/opt/extensions/a.sh",), cwd="/", fds={1: 5, 2: 5})
        assert bench.specs == [expected]
        assert bench.external.alive

    asyncio.run(run())
    assert variables({"AWS_EXECUTION_ENV": "x", "_X": "y", "AWS_REGION": "z"}) == {"AWS_REGION": "z"}


def test_how_they_end_is_told_in_aws_s_words(tmp_path: Path) -> None:
    async def run(status: ExitStatus, register: bool) -> tuple[str, str]:
        bench = Bench(tmp_path)
        bench.put("a.sh", "b.sh")
        await bench.run("a.sh", "b.sh")
        if register:
            bench.registry.register("a.sh", "", b"{}")
        bench.processes[0].exited.set_result(status)
        await asyncio.sleep(0)
        assert bench.gone == 0
        bench.processes[1].kill()
        await asyncio.sleep(0)
        assert bench.gone == 1
        return bench.failed[0]

    assert asyncio.run(run(ExitStatus(code=2), True)) == ("Extension.Crash", "exit status 2")
    assert asyncio.run(run(ExitStatus(code=0), True)) == ("Extension.Crash", "exit code 0")
    assert asyncio.run(run(ExitStatus(signal=11), True)) == ("Extension.Crash", "signal: segmentation fault")
    assert asyncio.run(run(ExitStatus(code=127), True)) == ("Extension.Crash", "exit status 127")
    launch = "fork/exec /opt/extensions/a.sh: "
    missing = ("Extension.LaunchError", launch + "no such file or directory")
    assert asyncio.run(run(ExitStatus(code=127), False)) == missing
    assert asyncio.run(run(ExitStatus(code=126), False)) == ("Extension.LaunchError", launch + "exec format error")


def test_what_can_not_be_started_is_a_launch_error(tmp_path: Path) -> None:
    async def run(*names: str, broken: bool = False) -> tuple[tuple[str, str], str, int]:
        bench = Bench(tmp_path, broken=broken)
        await bench.run(*names)
        states = {one.name: one.error_type for one in bench.registry if one.error_type}
        return bench.failed[0], next(iter(states.values())), len(bench.specs)

    bench = Bench(tmp_path)
    bench.put("plain", mode=0o644)
    bench.put(*(f"e{number:02}" for number in range(11)))
    denied = ("Extension.LaunchError", "fork/exec /opt/extensions/plain: permission denied")
    assert asyncio.run(run("e00", "plain", "e01")) == (denied, "PermissionDenied", 1)
    many = asyncio.run(run(*(f"e{number:02}" for number in range(11))))
    assert many == (("Extension.LaunchError", "ErrTooManyExtensions"), "TooManyExtensions", 0)
    assert asyncio.run(run("e00", broken=True))[1] == "UnknownError"


def test_the_end_of_those_who_are_killed_on_purpose_is_no_news(tmp_path: Path) -> None:
    async def run() -> None:
        bench = Bench(tmp_path)
        bench.put("a", "b")
        await bench.run("a", "b")
        bench.external.kill_unless(frozenset({"b"}))
        await asyncio.sleep(0)
        assert (len(bench.failed), bench.gone, bench.external.alive) == (1, 0, True)
        (left,) = bench.external.forget()
        left.kill()
        await asyncio.sleep(0)
        assert (len(bench.failed), bench.gone, bench.external.alive) == (1, 0, False)

    asyncio.run(run())
