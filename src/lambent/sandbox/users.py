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
    """Gives numbers out, each again only when it was given back. `problem`: why there are none, or nothing. `shared` is
    the user of a server that has none to give, who has each environment in a user namespace of its own; 0 where not. A
    server has `each` of them."""

    def __init__(self, server: int, problem: str = "", shared: int = 0, each: int = EACH) -> None:
        self._each = each
        self.problem = problem
        self.shared = shared
        self._first = FIRST + server % RANGES * each
        self._last = 0
        self._taken: set[int] = set()

    @classmethod
    def here(cls) -> "Users":
        """This process's."""
        maps = [Path(path).read_text() for path in MAPS]
        return cls(os.getpid(), problem(os.geteuid(), maps, _most()), os.geteuid())

    def take(self) -> int:
        """A user that nobody has, or 0 where there are none."""
        if self.problem or len(self._taken) == self._each:
            return 0
        while self._last in self._taken:
            self._last = (self._last + 1) % self._each
        self._taken.add(self._last)
        taken, self._last = self._last, (self._last + 1) % self._each
        return self._first + taken

    def any(self) -> int:
        """A user that nobody has, or the one that all share in a user namespace each; 0 where there is neither."""
        return self.take() or self.shared

    def give_up(self, why: str) -> bool:
        """What was given could not be used: give less from now on. False when that was nothing."""
        if not self.problem:
            self.problem = why
        elif self.shared:
            self.shared, self.problem = 0, f"{self.problem}; {why}"
        else:
            return False
        return True

    def give_back(self, user: int) -> None:
        """Nothing of that user is left; 0 is nobody."""
        self._taken.discard(user - self._first)


def problem(user: int, maps: list[str], most: str) -> str:
    """Why a server of `user`, with these id maps (user_namespaces(7)) and this limit of namespaces, has none to give;
    nothing if it has."""
    if user != 0:
        return "an ordinary user's namespaces count to that user, ranges of /etc/subuid in them, too"
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
