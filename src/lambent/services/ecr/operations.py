"""The operations answered here, and those that are refused by name."""

from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.services.ecr import images, layers, lifecycle, policies, registry, repositories
from lambent.services.ecr.env import EcrEnv

Operation = Callable[[EcrEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

OPERATIONS: dict[str, Operation] = {
    "BatchCheckLayerAvailability": layers.batch_check_layer_availability,
    "BatchDeleteImage": images.batch_delete_image,
    "BatchGetImage": images.batch_get_image,
    "CompleteLayerUpload": layers.complete_layer_upload,
    "CreateRepository": repositories.create_repository,
    "DeleteLifecyclePolicy": policies.delete_lifecycle_policy,
    "DeleteRepository": repositories.delete_repository,
    "DeleteRepositoryPolicy": policies.delete_repository_policy,
    "DescribeImages": images.describe_images,
    "DescribeRegistry": registry.describe_registry,
    "DescribeRepositories": repositories.describe_repositories,
    "GetAuthorizationToken": registry.get_authorization_token,
    "GetDownloadUrlForLayer": layers.get_download_url_for_layer,
    "GetLifecyclePolicy": policies.get_lifecycle_policy,
    "GetLifecyclePolicyPreview": lifecycle.get_lifecycle_policy_preview,
    "GetRegistryScanningConfiguration": registry.get_registry_scanning_configuration,
    "GetRepositoryPolicy": policies.get_repository_policy,
    "InitiateLayerUpload": layers.initiate_layer_upload,
    "ListImages": images.list_images,
    "ListTagsForResource": repositories.list_tags_for_resource,
    "PutImage": images.put_image,
    "PutImageScanningConfiguration": policies.put_image_scanning_configuration,
    "PutImageTagMutability": policies.put_image_tag_mutability,
    "PutLifecyclePolicy": policies.put_lifecycle_policy,
    "SetRepositoryPolicy": policies.set_repository_policy,
    "StartLifecyclePolicyPreview": lifecycle.start_lifecycle_policy_preview,
    "TagResource": repositories.tag_resource,
    "UntagResource": repositories.untag_resource,
    "UploadLayerPart": layers.upload_layer_part,
}
_SCANS = "no image is scanned for weaknesses"
_OTHERS = "the registry holds what is pushed to it: nothing is fetched from other registries"
_COPIES = "nothing is replicated to other regions or accounts"
_ALONE = "other accounts do not reach this registry, so no policy of it has an effect"
_TEMPLATES = "a repository is made by CreateRepository alone"
_SIGNING = "no image is signed"
_CLASSES = "there is one class of storage, without times of pulls"
REFUSED = {
    **dict.fromkeys(
        (
            *("BatchGetRepositoryScanningConfiguration", "DescribeImageScanFindings", "StartImageScan"),
            "PutRegistryScanningConfiguration",
        ),
        _SCANS,
    ),
    **dict.fromkeys(
        (
            *("CreatePullThroughCacheRule", "DeletePullThroughCacheRule", "DescribePullThroughCacheRules"),
            *("UpdatePullThroughCacheRule", "ValidatePullThroughCacheRule"),
        ),
        _OTHERS,
    ),
    **dict.fromkeys(
        (
            *("DescribeImageReplicationStatus", "DescribeReplicationBackfillResults", "ListReplicationBackfills"),
            *("PutReplicationConfiguration", "StartReplicationBackfill", "StopReplicationBackfill"),
        ),
        _COPIES,
    ),
    **dict.fromkeys(("DeleteRegistryPolicy", "GetRegistryPolicy", "PutRegistryPolicy"), _ALONE),
    **dict.fromkeys(
        (
            *("CreateRepositoryCreationTemplate", "DeleteRepositoryCreationTemplate"),
            *("DescribeRepositoryCreationTemplates", "UpdateRepositoryCreationTemplate"),
        ),
        _TEMPLATES,
    ),
    **dict.fromkeys(
        (
            *("DeleteSigningConfiguration", "DescribeImageSigningStatus", "GetSigningConfiguration"),
            "PutSigningConfiguration",
        ),
        _SIGNING,
    ),
    **dict.fromkeys(
        (
            *("DeregisterPullTimeUpdateExclusion", "ListPullTimeUpdateExclusions", "RegisterPullTimeUpdateExclusion"),
            "UpdateImageStorageClass",
        ),
        _CLASSES,
    ),
    **dict.fromkeys(("GetAccountSetting", "PutAccountSetting"), "an account has no settings here"),
    "ListImageReferrers": "the registry itself answers it, at /v2/NAME/referrers/DIGEST",
}
"""Operation -> why it is refused."""
