"""The operations answered here: all that SQS has."""

import functools
from typing import Any

from lambent.model.scope import Caller
from lambent.queues.errors import QueueError
from lambent.services.sqs.add_permission import add_permission
from lambent.services.sqs.cancel_message_move_task import cancel_message_move_task
from lambent.services.sqs.change_message_visibility import change_message_visibility
from lambent.services.sqs.change_message_visibility_batch import change_message_visibility_batch
from lambent.services.sqs.create_queue import create_queue
from lambent.services.sqs.delete_message import delete_message
from lambent.services.sqs.delete_message_batch import delete_message_batch
from lambent.services.sqs.delete_queue import delete_queue
from lambent.services.sqs.env import SqsEnv
from lambent.services.sqs.get_queue_attributes import get_queue_attributes
from lambent.services.sqs.get_queue_url import get_queue_url
from lambent.services.sqs.list_dead_letter_source_queues import list_dead_letter_source_queues
from lambent.services.sqs.list_message_move_tasks import list_message_move_tasks
from lambent.services.sqs.list_queue_tags import list_queue_tags
from lambent.services.sqs.list_queues import list_queues
from lambent.services.sqs.purge_queue import purge_queue
from lambent.services.sqs.receive_message import receive_message
from lambent.services.sqs.remove_permission import remove_permission
from lambent.services.sqs.send_message import send_message
from lambent.services.sqs.send_message_batch import send_message_batch
from lambent.services.sqs.set_queue_attributes import set_queue_attributes
from lambent.services.sqs.sharing import Operation, guarded
from lambent.services.sqs.start_message_move_task import start_message_move_task
from lambent.services.sqs.tag_queue import tag_queue
from lambent.services.sqs.untag_queue import untag_queue
from lambent.wire.fault import Fault


def worded(operation: Operation) -> Operation:
    """The operation with what queues refuse as the caller's fault."""

    @functools.wraps(operation)
    async def run(env: SqsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        try:
            return await operation(env, caller, params)
        except QueueError as error:
            raise Fault(error.code, error.message, status=error.status) from error

    return run


_ALL: dict[str, Operation] = {
    "AddPermission": add_permission,
    "CancelMessageMoveTask": cancel_message_move_task,
    "ChangeMessageVisibility": change_message_visibility,
    "ChangeMessageVisibilityBatch": change_message_visibility_batch,
    "CreateQueue": create_queue,
    "DeleteMessage": delete_message,
    "DeleteMessageBatch": delete_message_batch,
    "DeleteQueue": delete_queue,
    "GetQueueAttributes": get_queue_attributes,
    "GetQueueUrl": get_queue_url,
    "ListDeadLetterSourceQueues": list_dead_letter_source_queues,
    "ListMessageMoveTasks": list_message_move_tasks,
    "ListQueueTags": list_queue_tags,
    "ListQueues": list_queues,
    "PurgeQueue": purge_queue,
    "ReceiveMessage": receive_message,
    "RemovePermission": remove_permission,
    "SendMessage": send_message,
    "SendMessageBatch": send_message_batch,
    "SetQueueAttributes": set_queue_attributes,
    "StartMessageMoveTask": start_message_move_task,
    "TagQueue": tag_queue,
    "UntagQueue": untag_queue,
}

OPERATIONS = {name: worded(guarded(name, operation)) for name, operation in _ALL.items()}
