"""How a runtime is told the platform's time: it is shown the clock's dial, and has what reads it in the clock's place.

CPython gets time-machine (https://github.com/adamchainz/time-machine), which exchanges the functions that read the
time; Node.js a script that exchanges `Date` (`inside/node/told_time.cjs`). What a program of another kind reads can't
be exchanged.
"""

import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lambent.runtimes import clients, installs
from lambent.runtimes.installs import ClientError
from lambent.runtimes.interpreters import Interpreter
from lambent.runtimes.nodejs import NodePlace
from lambent.runtimes.python import PythonPlace
from lambent.sandbox.spec import Bind, Level

WHAT = "time-machine"
REQUIREMENTS = ("time-machine>=3.5.1,<4",)
BEFORE_3_10 = ("time-machine>=2.12,<2.13",)
"""From 2.13 on, versions for older interpreters move the monotonic clock as well."""

DIAL_INSIDE = "/var/lambent-dial"
FOLDER_INSIDE = "/var/lambent-time"
"""Where a sandbox shows the dial, and time-machine."""
DIAL_VARIABLE = "_LAMBENT_DIAL"
FOLDER_VARIABLE = "_LAMBENT_TIME_MACHINE"

MODULE = "lambent_time"
_CHECK = Path(__file__).parent / "inside" / f"{MODULE}.py"


def install(interpreter: Interpreter, cache: Path) -> Path:
    """The folder with the time-machine of `interpreter`, which was seen to work in it.

    Blocks, for seconds when it has to install: call it off the event loop. Raises ClientError.
    """
    folder = cache / "clients" / f"time-{interpreter.version}-{platform.machine()}"
    wanted = requirements(interpreter.version)

    def make(made: Path) -> None:
        clients.fill(interpreter, made, wanted, WHAT)
        _check(interpreter, made)

    return installs.ensure(folder, {"layout": clients.LAYOUT, "requirements": list(wanted)}, make)


def requirements(version: str) -> Sequence[str]:
    """What pip installs for CPython `version` ("3.12")."""
    return REQUIREMENTS if int(version.partition(".")[2]) >= 10 else BEFORE_3_10


def _check(interpreter: Interpreter, folder: Path) -> None:
    """Its inner works are used: whether a version still does what is expected is seen before it is kept."""
    done = installs.run([str(interpreter.path), "-I", "-S", str(_CHECK), str(folder)])
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise ClientError(f"{WHAT} does not work in CPython {interpreter.full_version}: {said}")


def tell_python(place: PythonPlace, dial: Path, folder: Path, level: Level) -> PythonPlace:
    """`place` with functions that go by `dial`. `folder` is what `install` answered."""
    binds, seen = _shown(dial, level)
    if level is Level.NAMESPACE:
        binds, folder = (*binds, Bind(folder, FOLDER_INSIDE)), Path(FOLDER_INSIDE)
    first, *others = place.zygote.preload
    zygote = replace(place.zygote, binds=(*place.zygote.binds, *binds), preload=(first, MODULE, *others))
    return replace(place, zygote=zygote, dial=((DIAL_VARIABLE, seen), (FOLDER_VARIABLE, str(folder))))


def tell_node(place: NodePlace, dial: Path, level: Level) -> NodePlace:
    """`place` with functions that go by `dial`."""
    binds, seen = _shown(dial, level)
    zygote = replace(place.zygote, binds=(*place.zygote.binds, *binds))
    return replace(place, zygote=zygote, dial=((DIAL_VARIABLE, seen),))


def _shown(dial: Path, level: Level) -> tuple[tuple[Bind, ...], str]:
    """The dial's binds, and where processes find it."""
    if level is Level.NAMESPACE:
        return (Bind(dial, DIAL_INSIDE),), DIAL_INSIDE
    return (), str(dial)
