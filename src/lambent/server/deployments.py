"""CodeDeploy's deployments, opened with what was under way when the last server ended."""

from contextlib import AsyncExitStack

from lambent.deploy.endpoint import Endpoint
from lambent.neighbour.outbox import signed_as
from lambent.server.base import Base, Doors, new_id
from lambent.services.codedeploy.env import CodeDeployEnv
from lambent.services.codedeploy.running import Deployments
from lambent.store.open import Store


def open_deployments(stack: AsyncExitStack, store: Store, base: Base, doors: Doors) -> CodeDeployEnv:
    """The deployments; nothing is under way until `resume`."""
    ask = Endpoint(lambda request: doors.gateway(request), signed_as)  # noqa: PLW0108
    deployments = Deployments(store.resources, base.clock, new_id, ask, base.background.spawn)
    stack.callback(deployments.close)
    return CodeDeployEnv(store.resources, base.clock, new_id, ask, deployments)
