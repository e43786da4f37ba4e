"""What environments of a trial find: a whole CPU, a full /tmp, another time; all others what they always do."""

import struct
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from lambent.environments.clock_dial import LAYOUT
from lambent.environments.trial_settings import FULL_BYTES, TrialSettings
from lambent.model.scope import Scope
from lambent.sandbox.spec import SandboxSpec, ZygoteSpec

TRIAL, OTHER = "999999999999", "000000000000"
SPEC = SandboxSpec(id="s", zygote=ZygoteSpec(Path("/python")), tmp_bytes=512 << 20, memory_bytes=1, cpus=0.07)


class Function:
    def __init__(self, account: str) -> None:
        self.scope = Scope(account, "us-east-1")


def of(account: str) -> Any:
    return cast(Any, Function(account))


class Time:
    async def tell(self, function: Any, place: str) -> str:
        return f"{place} told"


@pytest.fixture
def settings(tmp_path: Path) -> TrialSettings:
    made = TrialSettings(tmp_path / "dial", lambda _: cast(Any, Time()))
    made.begin(TRIAL)
    return made


def ahead(settings: TrialSettings) -> float:
    scale, _, wall = struct.unpack(LAYOUT, settings.dial.read_bytes())
    assert scale == 0.0
    return float(wall) / 1e9 - time.time()


def test_a_trial_has_a_whole_cpu_and_a_full_tmp_if_that_is_wanted(settings: TrialSettings) -> None:
    assert settings.spec(of(TRIAL), SPEC) == replace(SPEC, cpus=1.0)
    assert settings.fill(TRIAL, True)
    assert settings.spec(of(TRIAL), SPEC).tmp_bytes == FULL_BYTES
    assert settings.spec(of(OTHER), SPEC) == SPEC
    assert settings.spec(of(TRIAL), replace(SPEC, cpus=3.0)).cpus == 3.0
    settings.end(TRIAL)
    assert settings.spec(of(TRIAL), SPEC) == SPEC


def test_a_trial_that_finds_out_how_long_it_takes_has_the_cpu_of_its_memory(settings: TrialSettings) -> None:
    settings.begin(OTHER, whole_cpu=False)
    assert settings.spec(of(OTHER), SPEC) == SPEC


def test_where_a_tmp_has_no_size_it_can_t_be_full(settings: TrialSettings) -> None:
    settings.sized = False
    assert not settings.fill(TRIAL, True) and settings.fill(TRIAL, False)


@pytest.mark.anyio
async def test_one_trial_at_a_time_turns_the_clock(settings: TrialSettings) -> None:
    async def place(function: Any) -> Any:
        return "place"

    told = settings.around(place)
    assert await told(of(TRIAL)) == "place"
    assert settings.turn(TRIAL, 0.0)
    assert round(ahead(settings) / 60) == 0
    assert settings.turn(TRIAL, 3600.0) and round(ahead(settings) / 60) == 60
    assert [await told(of(account)) for account in (TRIAL, OTHER)] == ["place told", "place"]
    assert not settings.turn(OTHER, 1.0)
    settings.end(TRIAL)
    assert await told(of(TRIAL)) == "place" and settings.turn(OTHER, 1.0) and settings.turn(OTHER, None)
    settings.close()


def test_where_functions_go_by_the_platforms_clock_there_is_no_other(settings: TrialSettings) -> None:
    settings.places_tell = True
    assert not settings.turn(TRIAL, 1.0) and settings.turn(TRIAL, None) and not settings.dial.exists()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
