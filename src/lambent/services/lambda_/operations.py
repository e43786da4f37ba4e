"""The operations answered here. One that is not in the table is refused by name before it gets this far."""

from lambent.services.lambda_.aliases.create_alias import create_alias
from lambent.services.lambda_.aliases.delete_alias import delete_alias
from lambent.services.lambda_.aliases.get_alias import get_alias
from lambent.services.lambda_.aliases.list_aliases import list_aliases
from lambent.services.lambda_.aliases.update_alias import update_alias
from lambent.services.lambda_.code_signing.create_code_signing_config import create_code_signing_config
from lambent.services.lambda_.code_signing.delete_code_signing_config import delete_code_signing_config
from lambent.services.lambda_.code_signing.delete_function_code_signing_config import (
    delete_function_code_signing_config,
)
from lambent.services.lambda_.code_signing.get_code_signing_config import get_code_signing_config
from lambent.services.lambda_.code_signing.get_function_code_signing_config import (
    get_function_code_signing_config,
)
from lambent.services.lambda_.code_signing.list_code_signing_configs import list_code_signing_configs
from lambent.services.lambda_.code_signing.list_functions_by_code_signing_config import (
    list_functions_by_code_signing_config,
)
from lambent.services.lambda_.code_signing.put_function_code_signing_config import (
    put_function_code_signing_config,
)
from lambent.services.lambda_.code_signing.update_code_signing_config import update_code_signing_config
from lambent.services.lambda_.concurrency.delete_function_concurrency import delete_function_concurrency
from lambent.services.lambda_.concurrency.delete_provisioned_concurrency_config import (
    delete_provisioned_concurrency_config,
)
from lambent.services.lambda_.concurrency.get_account_settings import get_account_settings
from lambent.services.lambda_.concurrency.get_function_concurrency import get_function_concurrency
from lambent.services.lambda_.concurrency.get_provisioned_concurrency_config import (
    get_provisioned_concurrency_config,
)
from lambent.services.lambda_.concurrency.list_provisioned_concurrency_configs import (
    list_provisioned_concurrency_configs,
)
from lambent.services.lambda_.concurrency.put_function_concurrency import put_function_concurrency
from lambent.services.lambda_.concurrency.put_provisioned_concurrency_config import (
    put_provisioned_concurrency_config,
)
from lambent.services.lambda_.event_sources.create_event_source_mapping import create_event_source_mapping
from lambent.services.lambda_.event_sources.delete_event_source_mapping import delete_event_source_mapping
from lambent.services.lambda_.event_sources.get_event_source_mapping import get_event_source_mapping
from lambent.services.lambda_.event_sources.list_event_source_mappings import list_event_source_mappings
from lambent.services.lambda_.event_sources.update_event_source_mapping import update_event_source_mapping
from lambent.services.lambda_.functions.create_function import create_function
from lambent.services.lambda_.functions.delete_function import delete_function
from lambent.services.lambda_.functions.get_function import get_function
from lambent.services.lambda_.functions.get_function_configuration import get_function_configuration
from lambent.services.lambda_.functions.get_runtime_management_config import get_runtime_management_config
from lambent.services.lambda_.functions.list_functions import list_functions
from lambent.services.lambda_.functions.list_versions_by_function import list_versions_by_function
from lambent.services.lambda_.functions.publish_version import publish_version
from lambent.services.lambda_.functions.put_runtime_management_config import put_runtime_management_config
from lambent.services.lambda_.functions.update_function_code import update_function_code
from lambent.services.lambda_.functions.update_function_configuration import update_function_configuration
from lambent.services.lambda_.invoking.delete_function_event_invoke_config import delete_function_event_invoke_config
from lambent.services.lambda_.invoking.get_function_event_invoke_config import get_function_event_invoke_config
from lambent.services.lambda_.invoking.get_function_recursion_config import get_function_recursion_config
from lambent.services.lambda_.invoking.invoke import invoke
from lambent.services.lambda_.invoking.invoke_async import invoke_async
from lambent.services.lambda_.invoking.invoke_with_response_stream import invoke_with_response_stream
from lambent.services.lambda_.invoking.list_function_event_invoke_configs import list_function_event_invoke_configs
from lambent.services.lambda_.invoking.put_function_event_invoke_config import put_function_event_invoke_config
from lambent.services.lambda_.invoking.put_function_recursion_config import put_function_recursion_config
from lambent.services.lambda_.invoking.update_function_event_invoke_config import update_function_event_invoke_config
from lambent.services.lambda_.layers.add_layer_version_permission import add_layer_version_permission
from lambent.services.lambda_.layers.delete_layer_version import delete_layer_version
from lambent.services.lambda_.layers.get_layer_version import get_layer_version
from lambent.services.lambda_.layers.get_layer_version_by_arn import get_layer_version_by_arn
from lambent.services.lambda_.layers.get_layer_version_policy import get_layer_version_policy
from lambent.services.lambda_.layers.list_layer_versions import list_layer_versions
from lambent.services.lambda_.layers.list_layers import list_layers
from lambent.services.lambda_.layers.publish_layer_version import publish_layer_version
from lambent.services.lambda_.layers.remove_layer_version_permission import remove_layer_version_permission
from lambent.services.lambda_.policies.add_permission import add_permission
from lambent.services.lambda_.policies.delete_resource_policy import delete_resource_policy
from lambent.services.lambda_.policies.get_policy import get_policy
from lambent.services.lambda_.policies.get_resource_policy import get_resource_policy
from lambent.services.lambda_.policies.put_resource_policy import put_resource_policy
from lambent.services.lambda_.policies.remove_permission import remove_permission
from lambent.services.lambda_.sharing import Operation, shared
from lambent.services.lambda_.tags.list_tags import list_tags
from lambent.services.lambda_.tags.tag_resource import tag_resource
from lambent.services.lambda_.tags.untag_resource import untag_resource
from lambent.services.lambda_.urls.create_function_url_config import create_function_url_config
from lambent.services.lambda_.urls.delete_function_url_config import delete_function_url_config
from lambent.services.lambda_.urls.get_function_url_config import get_function_url_config
from lambent.services.lambda_.urls.list_function_url_configs import list_function_url_configs
from lambent.services.lambda_.urls.update_function_url_config import update_function_url_config

_TABLE: dict[str, Operation] = {
    "AddLayerVersionPermission": add_layer_version_permission,
    "AddPermission": add_permission,
    "CreateAlias": create_alias,
    "CreateCodeSigningConfig": create_code_signing_config,
    "CreateEventSourceMapping": create_event_source_mapping,
    "CreateFunction": create_function,
    "CreateFunctionUrlConfig": create_function_url_config,
    "DeleteAlias": delete_alias,
    "DeleteCodeSigningConfig": delete_code_signing_config,
    "DeleteEventSourceMapping": delete_event_source_mapping,
    "DeleteFunction": delete_function,
    "DeleteFunctionCodeSigningConfig": delete_function_code_signing_config,
    "DeleteFunctionConcurrency": delete_function_concurrency,
    "DeleteFunctionEventInvokeConfig": delete_function_event_invoke_config,
    "DeleteFunctionUrlConfig": delete_function_url_config,
    "DeleteLayerVersion": delete_layer_version,
    "DeleteProvisionedConcurrencyConfig": delete_provisioned_concurrency_config,
    "DeleteResourcePolicy": delete_resource_policy,
    "GetAccountSettings": get_account_settings,
    "GetAlias": get_alias,
    "GetCodeSigningConfig": get_code_signing_config,
    "GetEventSourceMapping": get_event_source_mapping,
    "GetFunction": get_function,
    "GetFunctionCodeSigningConfig": get_function_code_signing_config,
    "GetFunctionConcurrency": get_function_concurrency,
    "GetFunctionConfiguration": get_function_configuration,
    "GetFunctionEventInvokeConfig": get_function_event_invoke_config,
    "GetFunctionRecursionConfig": get_function_recursion_config,
    "GetFunctionUrlConfig": get_function_url_config,
    "GetLayerVersion": get_layer_version,
    "GetLayerVersionByArn": get_layer_version_by_arn,
    "GetLayerVersionPolicy": get_layer_version_policy,
    "GetPolicy": get_policy,
    "GetProvisionedConcurrencyConfig": get_provisioned_concurrency_config,
    "GetResourcePolicy": get_resource_policy,
    "GetRuntimeManagementConfig": get_runtime_management_config,
    "Invoke": invoke,
    "InvokeAsync": invoke_async,
    "InvokeWithResponseStream": invoke_with_response_stream,
    "ListAliases": list_aliases,
    "ListCodeSigningConfigs": list_code_signing_configs,
    "ListEventSourceMappings": list_event_source_mappings,
    "ListFunctionEventInvokeConfigs": list_function_event_invoke_configs,
    "ListFunctionUrlConfigs": list_function_url_configs,
    "ListFunctions": list_functions,
    "ListFunctionsByCodeSigningConfig": list_functions_by_code_signing_config,
    "ListLayerVersions": list_layer_versions,
    "ListLayers": list_layers,
    "ListProvisionedConcurrencyConfigs": list_provisioned_concurrency_configs,
    "ListTags": list_tags,
    "ListVersionsByFunction": list_versions_by_function,
    "PublishLayerVersion": publish_layer_version,
    "PublishVersion": publish_version,
    "PutFunctionCodeSigningConfig": put_function_code_signing_config,
    "PutFunctionConcurrency": put_function_concurrency,
    "PutFunctionEventInvokeConfig": put_function_event_invoke_config,
    "PutFunctionRecursionConfig": put_function_recursion_config,
    "PutProvisionedConcurrencyConfig": put_provisioned_concurrency_config,
    "PutResourcePolicy": put_resource_policy,
    "PutRuntimeManagementConfig": put_runtime_management_config,
    "RemoveLayerVersionPermission": remove_layer_version_permission,
    "RemovePermission": remove_permission,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateAlias": update_alias,
    "UpdateCodeSigningConfig": update_code_signing_config,
    "UpdateEventSourceMapping": update_event_source_mapping,
    "UpdateFunctionCode": update_function_code,
    "UpdateFunctionConfiguration": update_function_configuration,
    "UpdateFunctionEventInvokeConfig": update_function_event_invoke_config,
    "UpdateFunctionUrlConfig": update_function_url_config,
}
OPERATIONS: dict[str, Operation] = shared(_TABLE)
