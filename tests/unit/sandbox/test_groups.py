"""Control groups over a made-up tree in a folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lambent.sandbox import groups
from lambent.sandbox.groups import GroupV1, GroupV2, Limits, NoTree, TreeV1, TreeV2
from lambent.sandbox.inside.processes import descendants
from lambent.sandbox.inside.sweep import find as find_leftovers

MB = 1 << 20
V1_FILES = {
    "memory": ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.usage_in_bytes", "memory.stat",
               "memory.max_usage_in_bytes", "memory.oom_control", "tasks"),
    "cpu": ("cpu.cfs_period_us", "cpu.cfs_quota_us", "tasks"),
    "pids": ("pids.max", "tasks"),
    "freezer": ("freezer.state", "tasks"),
}  # fmt: skip
V2_FILES = (
    "memory.max", "memory.swap.max", "memory.oom.group", "memory.current", "memory.stat", "memory.peak",
    "memory.events", "cpu.max", "pids.max", "cgroup.freeze", "cgroup.procs",
)  # fmt: skip


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders get their control files when they are made, and go with them, as in a control group file system."""
    make, remove = os.mkdir, os.rmdir

    def mkdir(path: str | Path, mode: int = 0o777) -> None:
        make(path, mode)
        if isinstance(path, Path):
            return  # a test's own
        controller = Path(path).parent.name
        for name in V1_FILES.get(controller, V2_FILES):
            (Path(path) / name).touch()

    def rmdir(path: str, **options: int) -> None:
        for file in Path(path).iterdir() if not options and Path(path).exists() else ():
            file.unlink()
        remove(path, **options)

    monkeypatch.setattr(os, "mkdir", mkdir)
    monkeypatch.setattr(os, "rmdir", rmdir)


@pytest.fixture
def parents(tmp_path: Path) -> dict[str, Path]:
    for controller in V1_FILES:
        (tmp_path / controller).mkdir()
    return {controller: tmp_path / controller for controller in V1_FILES}


def read(folder: Path, name: str) -> str:
    return (folder / name).read_text()


def test_version_1_writes_limits_to_each_controller(kernel: None, parents: dict[str, Path]) -> None:
    group = TreeV1(parents).create("one", Limits(64 * MB, 10))
    assert read(parents["memory"] / "one", "memory.limit_in_bytes") == str(64 * MB)
    assert read(parents["memory"] / "one", "memory.memsw.limit_in_bytes") == str(64 * MB)
    assert read(parents["pids"] / "one", "pids.max") == "10"
    group.limit_cpu(0.25)
    assert read(parents["cpu"] / "one", "cpu.cfs_quota_us") == "5000"
    assert read(parents["cpu"] / "one", "cpu.cfs_period_us") == "20000"
    assert group.freeze(True)
    assert read(parents["freezer"] / "one", "freezer.state") == "FROZEN"
    joins = group.joins()
    assert len(joins) == 4
    for fd in joins:
        os.close(fd)
    assert group.remove()
    assert not any((parent / "one").exists() for parent in parents.values())
    assert group.remove()


def test_version_1_reads_memory(tmp_path: Path) -> None:
    for name, text in {
        "memory.usage_in_bytes": "300\n",
        "memory.max_usage_in_bytes": "400\n",
        "memory.stat": "cache 250\nrss 40\nshmem 5\ntotal_rss 999\n",
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    }.items():
        (tmp_path / name).write_text(text)
    group = GroupV1({"memory": str(tmp_path)})
    assert (group.usage(), group.peak(), group.held(), group.oom_kills()) == (300, 400, 45, 2)


def test_version_1_shares_a_folder_of_controllers_mounted_together(kernel: None, tmp_path: Path) -> None:
    folder = tmp_path / "cpu"
    folder.mkdir()
    group = TreeV1({"cpu": folder, "freezer": folder}).create("one", Limits(1, 1))
    joins = group.joins()
    assert len(joins) == 1
    os.close(joins[0])
    assert group.remove()


def test_version_1_leaves_nothing_when_a_limit_is_refused(
    kernel: None, parents: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: GroupV1, limits: Limits) -> None:
        raise OSError(22, "refused")

    monkeypatch.setattr(GroupV1, "set_limits", refuse)
    with pytest.raises(OSError, match="refused"):
        TreeV1(parents).create("one", Limits(1, 1))
    assert not any((parent / "one").exists() for parent in parents.values())


def test_a_missing_controller_is_left_out(kernel: None, parents: dict[str, Path]) -> None:
    group = TreeV1({"pids": parents["pids"]}).create("one", Limits(1, 1))
    group.limit_cpu(1)
    assert not group.freeze(True)
    assert (group.usage(), group.peak(), group.held(), group.oom_kills()) == (0, 0, 0, 0)


def test_version_2_writes_limits_to_one_folder(kernel: None, tmp_path: Path) -> None:
    group = TreeV2(tmp_path, {"memory", "cpu", "pids"}).create("one", Limits(64 * MB, 10))
    folder = tmp_path / "one"
    assert (read(folder, "memory.max"), read(folder, "memory.swap.max")) == (str(64 * MB), "0")
    assert read(folder, "memory.oom.group") == "1"
    assert read(folder, "pids.max") == "10"
    group.limit_cpu(1.5)
    assert read(folder, "cpu.max") == "30000 20000"
    group.limit_cpu(None)
    assert read(folder, "cpu.max").startswith("max 20000")
    assert group.freeze(True)
    assert read(folder, "cgroup.freeze") == "1"
    assert group.remove()


def test_version_2_reads_memory(tmp_path: Path) -> None:
    for name, text in {
        "memory.current": "300\n",
        "memory.stat": "anon 40\nfile 200\nshmem 5\n",
        "memory.events": "low 0\noom 1\noom_kill 3\n",
    }.items():
        (tmp_path / name).write_text(text)
    group = GroupV2(str(tmp_path), frozenset({"memory"}))
    assert (group.usage(), group.held(), group.oom_kills()) == (300, 45, 3)
    assert group.peak() == 300, "memory.peak came with Linux 5.19"
    (tmp_path / "memory.peak").write_text("350\n")
    assert group.peak() == 350


@pytest.mark.parametrize(("cpus", "quota"), [(0.0001, 1000), (0.0724, 1448), (1.0, 20_000), (6.0, 120_000)])
def test_quota(cpus: float, quota: int) -> None:
    assert groups.quota_us(cpus) == quota


def machine(tmp_path: Path, mounts: list[str], member: str) -> groups.Tree:
    (tmp_path / "mountinfo").write_text("\n".join(mounts))
    (tmp_path / "cgroup").write_text(member)
    return groups.find(tmp_path / "mountinfo", tmp_path / "cgroup")


def test_version_1_is_found_and_our_own_group_is_the_parent(tmp_path: Path) -> None:
    own = tmp_path / "memory" / "own"
    own.mkdir(parents=True)
    (tmp_path / "cpu").mkdir()
    tree = machine(
        tmp_path,
        [
            f"35 31 0:31 / {tmp_path}/memory rw,relatime - cgroup cgroup rw,memory",
            f"36 31 0:32 / {tmp_path}/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct",
            f"37 31 0:33 / {tmp_path}/unified rw - cgroup2 cgroup2 rw",
        ],
        "4:memory:/own\n1:cpu,cpuacct:/not/seen/here\n0::/\n",
    )
    assert isinstance(tree, TreeV1)
    assert tree.controllers == {"memory", "cpu"}
    assert tree.folders == sorted([str(own), f"{tmp_path}/cpu"])


def test_version_2_is_found_above_our_own_group(tmp_path: Path) -> None:
    """As in a systemd user session: the own group holds processes, its parent hands controllers down."""
    parent = tmp_path / "user.slice" / "app.slice"
    own = parent / "own.scope"
    own.mkdir(parents=True)
    for folder, controllers in ((tmp_path, ""), (parent.parent, ""), (parent, "cpu memory pids"), (own, "")):
        (folder / "cgroup.procs").touch()
        (folder / "cgroup.subtree_control").write_text(controllers)
    (own / "cgroup.subtree_control").chmod(0o444)  # the kernel lets everyone read it
    mount = f"30 20 0:30 / {tmp_path} rw - cgroup2 cgroup2 rw,nsdelegate"
    if os.getuid() == 0:
        own.rename(own.with_name("other"))  # root may write everything; a missing folder can't be written
    tree = machine(tmp_path, [mount], "0::/user.slice/app.slice/own.scope\n")
    assert isinstance(tree, TreeV2)
    assert tree.folders == [str(parent)]
    assert {"memory", "pids", "freezer"} <= tree.controllers


HOLDING = "import os; os.write(1, b'1'); os.read(0, 1); held = bytearray(32 << 20); os.write(1, b'2'); os.read(0, 1)"


def test_a_machine_without_control_groups(tmp_path: Path) -> None:
    tree = machine(tmp_path, ["22 27 0:21 / /proc rw - proc proc rw"], "")
    assert isinstance(tree, NoTree)
    group = tree.create("one", Limits(1, 1))
    assert (group.joins(), group.freeze(True), group.remove()) == ([], False, True)


def test_without_control_groups_the_processes_are_measured() -> None:
    group = NoTree().create("one", Limits(1, 1))
    assert group.usage() == 0
    with subprocess.Popen([sys.executable, "-S", "-c", HOLDING], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as held:
        assert held.stdin is not None
        assert held.stdout is not None
        held.stdout.read(1)
        group.watch(held.pid, os.getpid(), forked=True)
        before = group.usage()
        held.stdin.write(b"\n")
        held.stdin.flush()
        held.stdout.read(1)
        assert group.usage() >= before + 16 * MB
        assert group.peak() >= 16 * MB and group.held() >= 32 * MB
        held.kill()


FORKING = """
import os, time
if os.fork():
    os.wait()
held = bytearray(32 << 20)
for _ in range(5):
    if not os.fork():
        time.sleep(60)
os.write(1, b"1")
time.sleep(60)
"""


def test_what_forks_share_is_held_once() -> None:
    group = NoTree().create("one", Limits(1, 1))
    command = [sys.executable, "-S", "-c", FORKING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as keeper:
        assert keeper.stdout is not None
        keeper.stdout.read(1)
        for pid in descendants(keeper.pid):  # as if their calls were filtered, like a function's
            group.watch(pid, keeper.pid, forked=False)
        try:
            assert group.usage() >= 6 * 32 * MB
            assert 32 * MB <= group.held() < 96 * MB
        finally:
            os.killpg(keeper.pid, signal.SIGKILL)


def test_leftovers_are_found_by_name(tmp_path: Path) -> None:
    for name in ("lambent-me-old-1", "lambent-me-new-1", "lambent-other-1", "system"):
        (tmp_path / name).mkdir()
    folders = [str(tmp_path), str(tmp_path / "missing")]
    assert find_leftovers(folders, ["lambent-me-"], "lambent-me-new-") == [f"{tmp_path}/lambent-me-old-1"]
