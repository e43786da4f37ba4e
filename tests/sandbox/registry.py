"""Where scenarios are registered, with the levels of isolation at which they are played."""

import os
import platform
from collections.abc import Awaitable, Callable
from pathlib import Path

from kit import Kit

from lambent.sandbox.spec import Level

ROOT = os.getuid() == 0
MOST_WATCHING = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
USER = 1000
MACHINE = platform.machine()
NAMESPACE, PROCESS = (Level.NAMESPACE,), (Level.PROCESS,)
BOTH = (*NAMESPACE, *PROCESS)

SCENARIOS: dict[str, tuple[Callable[[Kit], Awaitable[None]], tuple[Level, ...]]] = {}


def at(levels: tuple[Level, ...]) -> Callable[[Callable[[Kit], Awaitable[None]]], Callable[[Kit], Awaitable[None]]]:
    def register(scenario: Callable[[Kit], Awaitable[None]]) -> Callable[[Kit], Awaitable[None]]:
        SCENARIOS[scenario.__name__] = (scenario, levels)
        return scenario

    return register
