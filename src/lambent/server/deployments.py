"""CodeDeploy's deployments, opened with what was under way when the last server ended."""

import functools
from collections.abc import Callable
from contextlib import AsyncExitStack

from lambent.model.finding import Finding
from lambent.permissions.assuming import may_assume
from lambent.permissions.gate import Gate
from lambent.server.base import Base, Doors, new_id
from lambent.server.stacks import asks
from lambent.services.codedeploy.env import SERVICE, CodeDeployEnv
from lambent.services.codedeploy.running import Deployments
from lambent.store.open import Store


def open_deployments(
    stack: AsyncExitStack, store: Store, base: Base, doors: Doors, gate: Gate, report: Callable[[Finding], None]
) -> CodeDeployEnv:
    """The deployments; nothing is under way until `resume`."""
    deployments = Deployments(store.resources, base.clock, new_id, asks(doors), base.background.spawn)
    stack.callback(deployments.close)
    unassumable = functools.partial(may_assume, gate, report, base.clock.wall, SERVICE)
    return CodeDeployEnv(store.resources, base.clock, new_id, asks(doors), deployments, unassumable)
