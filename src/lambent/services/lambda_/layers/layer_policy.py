"""Who besides its owner may use a layer version."""

from collections.abc import Callable, Mapping
from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.layers import layer
from lambent.services.lambda_.layers.layer import VersionRef
from lambent.services.lambda_.policies.resource_policy import Place, statements
from lambent.store.resources import Resource

KIND = "layer-policy"


def place(ref: VersionRef) -> Place:
    """Where the policy of a version is kept."""
    return Place(KIND, ref.layer.scope, ref.layer.name, layer.padded(ref.number))


def readable(env: LambdaEnv, caller: Caller, ref: VersionRef) -> Resource | None:
    """The version if there is one; raises 403 for another account's whose policy does not let the caller read it.

    As on AWS, that is also the answer when the other account has no such version; then it says how to have one here.
    """
    version = layer.current(env.resources, ref)
    if ref.layer.scope.account != caller.scope.account:
        policy = env.resources.get(*place(ref).key)
        if version is None:
            raise faults.layer_elsewhere(caller.scope.account, ref.arn)
        if not allows(policy, caller.scope.account):
            raise faults.access_denied(caller.scope.account, "GetLayerVersion", ref.arn)
    return version


def allows(policy: Resource | None, account: str) -> bool:
    """Whether a policy lets another account read the layer version.

    Nobody here belongs to an organization, so a statement for one allows nobody.
    """
    root = f"arn:aws:iam::{account}:root"
    return policy is not None and any(
        "Condition" not in statement and statement["Principal"] in ("*", {"AWS": root})
        for statement in statements(policy)
    )


def existing(env: LambdaEnv, caller: Caller, params: Mapping[str, Any], action: str) -> VersionRef:
    """The version whose policy `action` reads or changes. Raises 404, 403 for another account's."""
    ref = layer.version_ref(layer.refer_own(caller, params["LayerName"], action), params["VersionNumber"])
    if layer.current(env.resources, ref) is None:
        raise faults.not_found(f"Layer version {ref.arn} does not exist.")
    return ref


def guard(revision: str | None) -> Callable[[Resource | None], None]:
    """Raises 412 for a policy of another revision than the one sent."""

    def check(policy: Resource | None) -> None:
        if revision is not None and (policy is None or policy.revision != revision):
            # The name of the operation is from memory of AWS's answers; none is recorded.
            raise faults.stale_policy("GetLayerPolicy")

    return check
