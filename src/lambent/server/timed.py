"""What begins when it is time: schedules, and rotations of secrets."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from lambent.events.pushes import AddPushes
from lambent.gateway.exchange import Here
from lambent.permissions.gate import Gate
from lambent.server.base import Base
from lambent.server.rotations import OpenRotations, open_rotations
from lambent.server.running import Running
from lambent.server.schedules import OpenSchedules, open_schedules
from lambent.store.open import Store


@dataclass(frozen=True, slots=True)
class Timed:
    """Nothing begins before `start`."""

    schedules: OpenSchedules
    rotations: OpenRotations

    def service(self) -> dict[str, Here]:
        """EventBridge Scheduler, and what is answered here of Secrets Manager."""
        return self.schedules.service() | self.rotations.service()

    def start(self, stack: AsyncExitStack) -> None:
        """From now on, until `stack` closes."""
        self.schedules.start(stack)
        self.rotations.start(stack)


def open_timed(store: Store, base: Base, running: Running, gate: Gate, add: AddPushes) -> Timed:
    """What schedules send is handed to `add`."""
    return Timed(open_schedules(store, base, running.findings, add, gate), open_rotations(store, base, running, gate))
