"""The users that environments have outside: one each, so that what the kernel counts by user is counted apart.

The numbers, which nobody's /etc/passwd has, are from what systemd leaves unused (https://systemd.io/UIDS-GIDS/,
0x70000000 and up). Each server has a range of its own, by its process id; environments of two servers with the same one
would share counters, and nothing else.
"""

import os
from pathlib import Path

FIRST = 0x70000000
EACH = 1 << 16
RANGES = 1 << 12
MAPS = ("/proc/self/uid_map", "/proc/self/gid_map")
MOST = Path("/proc/sys/user/max_user_namespaces")


class Users:
    """Gives numbers out, each again only when it was given back. `problem`: why there are none, or nothing."""

    def __init__(self, server: int, problem: str = "") -> None:
        self.problem = problem
        self._first = FIRST + server % RANGES * EACH
        self._last = 0
        self._taken: set[int] = set()

    @classmethod
    def here(cls) -> "Users":
        """This process's."""
        return cls(os.getpid(), problem(os.geteuid(), [Path(path).read_text() for path in MAPS], _most()))

    def take(self) -> int:
        """A user that nobody has, or 0 where there are none."""
        if self.problem or len(self._taken) == EACH:
            return 0
        while self._last in self._taken:
            self._last = (self._last + 1) % EACH
        self._taken.add(self._last)
        taken, self._last = self._last, (self._last + 1) % EACH
        return self._first + taken

    def give_back(self, user: int) -> None:
        """Nothing of that user is left; 0 is nobody."""
        self._taken.discard(user - self._first)


def problem(user: int, maps: list[str], most: str) -> str:
    """Why a server of `user`, with these id maps (user_namespaces(7)) and this limit of namespaces, has none to give;
    nothing if it has."""
    if user != 0:
        return "only root can give each environment a user: ranges of /etc/subuid are not used"
    if not all(any(_covers(line) for line in text.splitlines()) for text in maps):
        return f"this server is in a user namespace without the ids from {FIRST} on"
    return "user.max_user_namespaces is 0" if most.strip() == "0" else ""


def _covers(line: str) -> bool:
    first, _, count = map(int, line.split())
    return first <= FIRST and first + count >= FIRST + RANGES * EACH


def _most() -> str:
    try:
        return MOST.read_text()
    except OSError:
        return ""
