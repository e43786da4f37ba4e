"""The plans, their steps and the errors named after them."""

import ast
import errno
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from lambent.sandbox import errors
from lambent.sandbox.errors import StartFailed, StepFailed
from lambent.sandbox.inside import plan
from lambent.sandbox.inside.kernel import CallError

INSIDE = Path(plan.__file__).parent
PER_LEVEL = (plan.GUARD, plan.ZYGOTE, plan.FORK, plan.BLANK, plan.SOURCES, plan.SANDBOX)
SNAPSHOT = (
    plan.CONFINED,
    plan.SNAPSHOT,
    plan.IMPORTS,
    plan.RESTORABLE,
    plan.SNAPSHOT_FORK,
    plan.SNAPSHOT_SANDBOX,
)
SERVERS_OWN = {"control_group", "folder", "fork", "present", "execute", "start", "tun"}


def names(steps: tuple[ModuleType, ...]) -> list[str]:
    return [step.__name__.rpartition(".")[2] for step in steps]


def all_steps() -> set[str]:
    planned = [step for plans in PER_LEVEL for steps in plans.values() for step in names(steps)]
    return {*planned, *names(plan.STARTED), *(step for steps in SNAPSHOT for step in names(steps))}


def test_the_plans_are_the_folder() -> None:
    files = {path.stem for path in (INSIDE / "steps").glob("*.py")} - {"__init__"}
    assert all_steps() == files


def test_no_step_is_in_two_plans() -> None:
    for level in (plan.NAMESPACE, plan.PROCESS):
        listed = [name for plans in PER_LEVEL for name in names(plans[level])] + names(plan.STARTED)
        assert len(listed) == len(set(listed))


def test_every_step_says_what_it_is_for() -> None:
    for path in (INSIDE / "steps").glob("*.py"):
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), path
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path.name}: {node.name}"


def test_hints_are_for_steps_that_exist() -> None:
    assert {step for step, _ in errors._HINTS} <= all_steps() | SERVERS_OWN


def test_the_filter_comes_last_and_identity_before_capabilities() -> None:
    steps = names(plan.STARTED)
    assert steps[-1] == "system_calls"
    assert steps.index("identity") < steps.index("capabilities") < steps.index("directory")


def test_only_one_module_calls_the_kernel_by_hand() -> None:
    for path in INSIDE.rglob("*.py"):
        imported = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert "ctypes" not in imported or path.name in {"kernel.py", "seccomp.py", "title.py"}, path


def test_what_runs_inside_parses_on_the_oldest_python() -> None:
    for path in INSIDE.rglob("*.py"):
        ast.parse(path.read_text(), feature_version=(3, 8))


class Step:
    """Stands for a step's module."""

    def __init__(self, name: str, failure: OSError | None = None) -> None:
        self.__name__ = f"inside.steps.{name}"
        self.failure = failure

    def run(self, context: SimpleNamespace) -> None:
        context.done.append(self.__name__.rpartition(".")[2])
        if self.failure:
            raise self.failure


def context(fail_step: str = "") -> SimpleNamespace:
    return SimpleNamespace(done=[], times=[], fail_step=fail_step)


def test_a_plan_runs_in_order() -> None:
    found = context()
    plan.run((Step("one"), Step("two")), found)  # type: ignore[arg-type]
    assert found.done == ["one", "two"] == [name for name, _ in found.times]


def test_a_failure_names_step_call_path_and_errno() -> None:
    failing = Step("two", CallError(errno.EPERM, "mount", "/proc"))
    found = context()
    with pytest.raises(plan.StepFailed) as caught:
        plan.run((Step("one"), failing, Step("three")), found)  # type: ignore[arg-type]
    assert found.done == ["one", "two"]
    failed = StepFailed.of(caught.value.message)
    assert (failed.step, failed.operation, failed.path, failed.errno) == ("two", "mount", "/proc", errno.EPERM)


def test_a_step_can_be_made_to_fail() -> None:
    found = context("two")
    with pytest.raises(plan.StepFailed) as caught:
        plan.run((Step("one"), Step("two")), found)  # type: ignore[arg-type]
    assert found.done == ["one"]
    assert caught.value.message["errno"] == errno.EIO


def test_errors_read_well() -> None:
    message = {"step": "base_proc", "operation": "mount", "path": "/proc", "errno": errno.EPERM, "text": "Not allowed"}
    failed = StartFailed.of(message)
    assert isinstance(failed, StartFailed)
    assert str(failed).startswith("sandbox step base_proc: mount of '/proc': Not allowed (EPERM); parts of /proc")
    assert str(StepFailed("start", "no answer", "", 0)) == "sandbox step start: no answer"
