"""DeleteStream: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteStream.html"""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.kinesis.env import KinesisEnv
from lambent.services.kinesis.settling import begin
from lambent.streams.errors import in_use


async def delete_stream(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers at once; the stream is DELETING for a moment."""
    stream = env.stream(caller, params)
    if stream.document["consumers"] and not params.get("EnforceConsumerDeletion"):
        # Source of the words: https://github.com/hashicorp/terraform-provider-aws/issues/8420
        raise in_use(
            f"DeleteStream can't delete {stream.scope.account}:{stream.name} because there are consumers associated "
            f"with this data stream. To delete {stream.name} anyway, set the EnforceConsumerDeletion parameter to true "
            "to force the deletion of all the consumers that are associated with it."
        )
    changed = await env.registry.change(stream, lambda _: {"status": "DELETING"})
    await begin(env, changed)
    return {}
