"""What a machine promises, and which level it gets."""

from dataclasses import replace

import pytest

from lambent.sandbox.errors import LevelUnavailable
from lambent.sandbox.probe import Abilities, choose
from lambent.sandbox.spec import Level

ABLE = Abilities(
    root=True,
    kernel="6.1",
    namespaces=True,
    namespaces_problem="",
    sandbox_problem="",
    cgroup_version=2,
    controllers=("cpu", "freezer", "memory", "pids"),
)
USER = replace(ABLE, root=False, users_problem="only root can", cgroup_version=0, controllers=())
SHARED = replace(USER, counts_apart=False)
POOR = replace(SHARED, namespaces=False, namespaces_problem="not allowed here")


@pytest.mark.parametrize(
    ("setting", "abilities", "level"),
    [
        ("auto", ABLE, Level.NAMESPACE),
        ("auto", POOR, Level.PROCESS),
        ("namespace", USER, Level.NAMESPACE),
        ("process", ABLE, Level.PROCESS),
        ("process", POOR, Level.PROCESS),
    ],
)
def test_choose(setting: str, abilities: Abilities, level: Level) -> None:
    assert choose(setting, abilities) is level


def test_a_level_that_is_not_possible_is_refused() -> None:
    with pytest.raises(LevelUnavailable, match="not allowed here"):
        choose("namespace", POOR)
    with pytest.raises(LevelUnavailable, match="Linux only"):
        choose("auto", replace(POOR, sandbox_problem="Linux only"))
    with pytest.raises(ValueError, match="docker"):
        choose("docker", ABLE)


def kept(abilities: Abilities, level: Level) -> set[str]:
    return {name for name, promise in abilities.promises(level).items() if promise["kept"]}


def test_promises_shrink_with_the_means() -> None:
    everything = set(ABLE.promises(Level.NAMESPACE))
    assert kept(ABLE, Level.NAMESPACE) == everything
    less = {"cpu_share", "memory_limit", "own_user_limits", "root_owned_folders"}
    assert everything - kept(USER, Level.NAMESPACE) == less
    for poorer in (SHARED, replace(USER, kernel="5.10.0-39-amd64")):  # counted by user alone
        assert everything - kept(poorer, Level.NAMESPACE) == less | {"process_limit"}
    lost = everything - kept(POOR, Level.PROCESS)
    assert lost >= {"private_network", "private_tmp", "read_only_root", "separate_user", "nothing_survives"}


def test_a_limit_that_was_tried_and_did_not_hold_is_no_promise() -> None:
    promise = replace(ABLE, memory_problem="shared memory").promises(Level.NAMESPACE)["memory_limit"]
    assert not promise["kept"] and promise["how"].endswith("does not stop: shared memory")


def test_without_a_control_group_it_says_what_is_not_counted() -> None:
    promise = POOR.promises(Level.PROCESS)["memory_limit"]
    assert not promise["kept"] and "buffers of sockets and file locks, is not counted" in promise["how"]


def test_every_promise_says_how() -> None:
    for abilities in (ABLE, USER, POOR):
        for level in Level:
            assert all(promise["how"] for promise in abilities.promises(level).values())


def test_every_promise_that_is_not_kept_says_what_to_do() -> None:
    for abilities in (ABLE, USER, POOR):
        for level in Level:
            for promise in abilities.promises(level).values():
                assert promise["kept"] == ("remedy" not in promise)
