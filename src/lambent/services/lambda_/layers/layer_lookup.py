"""The layers that a function is given: from ARNs to packages, refused as AWS refuses them."""

from collections.abc import Sequence
from dataclasses import dataclass

from lambent.model import own_layers
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.layers import layer, layer_policy


@dataclass(frozen=True, slots=True)
class LayerUse:
    """A layer version in a function's configuration: `size` in bytes as uploaded, `digest` of its package."""

    arn: str
    size: int
    digest: str


async def resolve(env: LambdaEnv, caller: Caller, arns: Sequence[str]) -> list[LayerUse]:
    """What the ARNs stand for, in their order.

    Raises 400 for more layers than a function may have, two versions of one layer, another region, a version that is
    not there, and layers that are too large already without the function; 403 for another account's without
    permission.
    """
    refs = check_named(env, caller, arns)
    uses = [await _use(env, caller, ref) for ref in refs]
    total = await _unpacked_bytes(env, [use.digest for use in uses])
    if total > env.limits.zip_unzipped:
        # As publicly reported by callers of AWS.
        raise faults.invalid(f"Layers consume more than the available size of {env.limits.zip_unzipped} bytes")
    return uses


def check_named(env: LambdaEnv, caller: Caller, arns: Sequence[str]) -> list[layer.VersionRef]:
    """What the ARNs name, whether it is there or not. Raises 400 as `resolve` does for what can be told by them."""
    _check_count(env, arns)
    refs = [_parse(arn) for arn in arns]
    _check_region(caller, refs)
    _check_twice(refs)
    return refs


async def check_size(env: LambdaEnv, code: str, layers: Sequence[str]) -> None:
    """Raise 400 if a function's package and its layers' (digests) are too large together, unpacked.

    To be called with every change of the one or the other. Text as publicly reported by callers of AWS.
    """
    limit = env.limits.zip_unzipped
    if layers and (total := await _unpacked_bytes(env, [code, *layers])) > limit:
        raise faults.invalid(
            f"Function code combined with layers exceeds the maximum allowed size of {limit} bytes. "
            f"The actual size is {total} bytes."
        )


def _parse(arn: str) -> layer.VersionRef:
    ref = layer.parse_version_arn(arn)
    if ref is None:
        raise faults.unsupported(f"The layer {arn}")  # arn:aws:lambda:::awslayer:…
    return ref


def _check_count(env: LambdaEnv, arns: Sequence[str]) -> None:
    if len(arns) > env.limits.layers:
        raise faults.invalid(f"Cannot reference more than {env.limits.layers} layers.")


def _check_region(caller: Caller, refs: Sequence[layer.VersionRef]) -> None:
    region = caller.scope.region
    if any(ref.layer.scope.region != region for ref in refs):
        raise faults.invalid(
            f"Layers are not in the same region as the function. Layers are expected to be in region {region}."
        )


def _check_twice(refs: Sequence[layer.VersionRef]) -> None:
    seen: dict[layer.LayerRef, layer.VersionRef] = {}
    for ref in refs:
        if ref.layer in seen:
            raise faults.invalid(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{seen[ref.layer].arn} and {ref.arn} are versions of the same layer."
            )
        seen[ref.layer] = ref


async def _use(env: LambdaEnv, caller: Caller, ref: layer.VersionRef) -> LayerUse:
    own = _own(env, caller, ref)
    if own is not None:
        async with env.blobs.keep(own.package) as blob:
            return LayerUse(ref.arn, blob.size, blob.digest)
    version = layer_policy.readable(env, caller, ref)
    if version is None:
        raise faults.layer_version_missing(ref.arn)
    return LayerUse(ref.arn, int(version.document["size"]), version.package)


def _own(env: LambdaEnv, caller: Caller, ref: layer.VersionRef) -> own_layers.OwnLayer | None:
    """What stands here for an extension of AWS's, which is in an account of AWS's."""
    if ref.layer.scope.account == caller.scope.account or layer.current(env.resources, ref) is not None:
        return None
    return next((one for one in own_layers.OWN if one.name.fullmatch(ref.layer.name)), None)


async def _unpacked_bytes(env: LambdaEnv, digests: Sequence[str]) -> int:
    return sum([await env.blobs.unpacked_size(digest) for digest in digests])
