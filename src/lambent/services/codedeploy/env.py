"""What the operations work with, and how what they keep is found."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambent.clock import Clock
from lambent.deploy.ports import Asks
from lambent.deploy.running import anybody_may
from lambent.model.acting import Acting, as_role
from lambent.model.scope import Scope
from lambent.services.codedeploy import faults
from lambent.store.resources import Resource, Resources

if TYPE_CHECKING:
    from lambent.services.codedeploy.running import Deployments

SERVICE = "codedeploy.amazonaws.com"
SESSION = "codedeploy"
"""What CodeDeploy calls its sessions of roles; the name is ours."""
APPLICATION, GROUP, CONFIG, DEPLOYMENT = (
    "codedeploy-application", "codedeploy-group", "codedeploy-config", "codedeploy-deployment",
)  # fmt: skip
NAMES = {APPLICATION: "Application", GROUP: "DeploymentGroup", CONFIG: "DeploymentConfig", DEPLOYMENT: "Deployment"}


def acting(scope: Scope, role: str) -> Acting:
    """CodeDeploy in the name of a group's role; of the account's own for a group that was made without one."""
    return as_role(SERVICE, role, SESSION) if role else Acting(SERVICE, scope.account)


@dataclass(frozen=True, slots=True)
class CodeDeployEnv:
    """The ports of CodeDeploy's operations. `unassumable` answers why a role can't be assumed for
    a group (ARN), "" if it can."""

    resources: Resources
    clock: Clock
    new_id: Callable[[], str]
    asks: Asks
    deployments: "Deployments"
    unassumable: Callable[[str, Scope, str], Awaitable[str]] = anybody_may

    def now(self) -> float:
        """Seconds since 1970, as times are written and answered."""
        return round(self.clock.wall(), 3)

    def find(self, kind: str, scope: Scope, name: str, parent: str = "") -> Resource:
        """The document of that name. Raises …DoesNotExistException."""
        found = self.resources.get(kind, scope, parent, name)
        if found is None:
            raise faults.absent(NAMES[kind], name)
        return found

    async def add(self, kind: str, scope: Scope, name: str, document: dict[str, Any], parent: str = "") -> None:
        """Write a new one down. Raises …AlreadyExistsException."""
        if self.resources.get(kind, scope, parent, name) is not None:
            raise faults.taken(NAMES[kind], name)
        await self.put(kind, scope, name, document, parent)

    async def put(self, kind: str, scope: Scope, name: str, document: dict[str, Any], parent: str = "") -> None:
        """Write one down."""
        await self.resources.put(Resource(kind, scope, parent, name, self.new_id(), document))

    def names(self, kind: str, scope: Scope, parent: str = "") -> list[str]:
        """The names of all of one parent."""
        return [one.name for one in self.resources.children(kind, scope, parent)]
