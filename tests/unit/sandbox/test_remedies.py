"""What helps where a promise is not kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from lambent.sandbox import network, remedies
from lambent.sandbox.errors import StepFailed
from lambent.sandbox.remedies import Means, remedy

USER = Means(program=True)


@pytest.mark.parametrize(
    ("promise", "means", "told"),
    [
        ("private_network", replace(USER, namespaces=True), "--isolation namespace"),
        ("private_network", replace(USER, closed=("user.max_user_namespaces=15000",)), "sysctl -w user.max_user_name"),
        ("read_only_root", USER, "run it as root; in a container"),
        ("cpu_share", replace(USER, delegates=True), "systemd-run --user --scope -p Delegate=yes lambent up"),
        ("cpu_share", USER, "run it as root"),
        ("cpu_share", Means(root=True), "/sys/fs/cgroup"),
        ("outbound_network", Means(), "apt-get install slirp4netns"),
        ("outbound_network", replace(USER, tun="missing"), "modprobe tun"),
        ("outbound_network", replace(USER, tun="closed"), "chmod 666 /dev/net/tun"),
        ("outbound_network", USER, "install the other"),
        ("outbound_network", Means(root=True), "CAP_NET_ADMIN"),
        ("root_owned_folders", USER, "run it as root"),
    ],
)
def test_the_remedy_is_the_machines(promise: str, means: Means, told: str) -> None:
    assert told in remedy(promise, means)


def test_the_machine_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remedies, "TUN", str(tmp_path / "tun"))
    monkeypatch.setattr(remedies, "_read", lambda name: "0")
    means = remedies.look(root=False, namespaces=False)
    assert means.tun == "missing"
    assert means.closed == ("kernel.unprivileged_userns_clone=1", "user.max_user_namespaces=15000")


def test_without_a_tap_device_no_program_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "TUN", str(tmp_path / "tun"))
    with pytest.raises(StepFailed, match="this machine has no tap devices"):
        network._require_tun()
