"""CodeDeploy's deployments, opened with what was under way when the last server ended."""

from contextlib import AsyncExitStack

from lambent.deploy.endpoint import Endpoint
from lambent.gateway.exchange import Here
from lambent.neighbour.outbox import signed_as
from lambent.server.base import Base, Doors, new_id
from lambent.services.codedeploy.env import CodeDeployEnv
from lambent.services.codedeploy.operations import OPERATIONS, REFUSED
from lambent.services.codedeploy.running import Deployments
from lambent.settings import Settings
from lambent.store.open import Store


def open_deployments(stack: AsyncExitStack, store: Store, base: Base, doors: Doors) -> CodeDeployEnv:
    """The deployments; nothing is under way until `resume`."""
    ask = Endpoint(lambda request: doors.gateway(request), signed_as)  # noqa: PLW0108
    deployments = Deployments(store.resources, base.clock, new_id, ask, base.background.spawn)
    stack.callback(deployments.close)
    return CodeDeployEnv(store.resources, base.clock, new_id, ask, deployments)


def deployment_service(settings: Settings, env: CodeDeployEnv) -> dict[str, Here]:
    """What the gateway is given, unless another endpoint answers CodeDeploy."""
    return {} if "codedeploy" in settings.endpoints else {"codedeploy": Here(OPERATIONS, env, REFUSED)}
