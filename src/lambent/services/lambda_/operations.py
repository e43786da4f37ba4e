"""The operations answered here. One that is not in the table is refused by name before it gets this far."""

from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.answer import Answer
from lambent.model.scope import Caller
from lambent.services.lambda_.create_function import create_function
from lambent.services.lambda_.delete_function import delete_function
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.get_account_settings import get_account_settings
from lambent.services.lambda_.get_function import get_function
from lambent.services.lambda_.get_function_configuration import get_function_configuration
from lambent.services.lambda_.invoke import invoke
from lambent.services.lambda_.list_functions import list_functions
from lambent.services.lambda_.list_tags import list_tags
from lambent.services.lambda_.list_versions_by_function import list_versions_by_function
from lambent.services.lambda_.tag_resource import tag_resource
from lambent.services.lambda_.untag_resource import untag_resource
from lambent.services.lambda_.update_function_code import update_function_code
from lambent.services.lambda_.update_function_configuration import update_function_configuration

Operation = Callable[[LambdaEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any] | Answer]]

OPERATIONS: dict[str, Operation] = {
    "CreateFunction": create_function,
    "DeleteFunction": delete_function,
    "GetAccountSettings": get_account_settings,
    "GetFunction": get_function,
    "GetFunctionConfiguration": get_function_configuration,
    "Invoke": invoke,
    "ListFunctions": list_functions,
    "ListTags": list_tags,
    "ListVersionsByFunction": list_versions_by_function,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateFunctionCode": update_function_code,
    "UpdateFunctionConfiguration": update_function_configuration,
}
