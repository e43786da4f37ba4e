"""Topic rules of AWS IoT."""

from lambent.events.pushes import AddPushes
from lambent.gateway.exchange import Here
from lambent.observe.findings import Ledger
from lambent.server.base import Base, new_id
from lambent.server.here import here
from lambent.services.iot.env import IotEnv
from lambent.services.iot.service import DATA, SERVICE
from lambent.store.open import Store


def open_iot(store: Store, base: Base, findings: Ledger, add: AddPushes) -> dict[str, Here]:
    """Rules and messages; what rules send is handed to `add`."""
    env = IotEnv(store.resources, base.clock.wall, new_id, add, findings.report)
    return here(SERVICE, env) | here(DATA, env)
