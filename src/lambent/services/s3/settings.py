"""Configurations of buckets: put, told and taken away. Which have an effect is in docs/s3.md."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lambent.model.answer import Answer
from lambent.model.scope import Caller
from lambent.objects import errors
from lambent.objects.buckets import ENABLED, SUSPENDED
from lambent.services.s3 import acls, bodies, tags
from lambent.services.s3.env import Call

Run = Callable[[Call, Caller, dict[str, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Setting:
    """One configuration. `name` is its name in the bucket's record and in IAM's actions, `member` that of the request,
    `shown` that of the answer ("" when it is spread out over it). `absent` is the code and text when there is none,
    None when the answer is empty then."""

    name: str
    member: str
    shown: str = ""
    absent: tuple[str, str] | None = None

    async def put(self, call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Store it."""
        bucket = call.bucket(caller, params, f"s3:Put{self.action}")
        bodies.check_document(call)
        said = params.get(self.member)
        if said is None:
            raise errors.malformed()
        await call.env.registry.put(bucket, self.name, _plain(said))
        return {}

    async def get(self, call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Tell it. Raises ObjectError when there is none."""
        bucket = call.bucket(caller, params, f"s3:Get{self.action}")
        said = bucket.settings.get(self.name)
        if said is None:
            if self.absent is None:
                return {}
            raise errors.no_configuration(*self.absent, bucket.name)
        return {self.shown: said} if self.shown else dict(said)

    async def delete(self, call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take it away."""
        bucket = call.bucket(caller, params, f"s3:Put{self.action}")
        await call.env.registry.put(bucket, self.name, None)
        return {}

    @property
    def action(self) -> str:
        """What IAM calls it."""
        return _ACTIONS.get(self.name, f"Bucket{self.name}")


_ACTIONS = {
    "Lifecycle": "LifecycleConfiguration",
    "Encryption": "EncryptionConfiguration",
    "PublicAccessBlock": "BucketPublicAccessBlock",
    "Ownership": "BucketOwnershipControls",
    "Accelerate": "AccelerateConfiguration",
    "CORS": "BucketCORS",
}
CORS = Setting("CORS", "CORSConfiguration", absent=("NoSuchCORSConfiguration", "The CORS configuration does not exist"))
LIFECYCLE = Setting(
    "Lifecycle",
    "LifecycleConfiguration",
    absent=("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
)
ENCRYPTION = Setting("Encryption", "ServerSideEncryptionConfiguration", "ServerSideEncryptionConfiguration")
PUBLIC = Setting(
    "PublicAccessBlock",
    "PublicAccessBlockConfiguration",
    "PublicAccessBlockConfiguration",
    ("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"),
)
LOGGING = Setting("Logging", "BucketLoggingStatus")
PAYMENT = Setting("RequestPayment", "RequestPaymentConfiguration")
ACCELERATE = Setting("Accelerate", "AccelerateConfiguration")


def _plain(said: Any) -> Any:
    """As JSON has it."""
    if isinstance(said, dict):
        return {name: _plain(value) for name, value in said.items()}
    if isinstance(said, list):
        return [_plain(value) for value in said]
    return said.isoformat() if isinstance(said, datetime | date) else said


async def put_cors(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Rules for pages of the web; they have an effect at once."""
    rules = (params.get("CORSConfiguration") or {}).get("CORSRules") or []
    if not 1 <= len(rules) <= 100:
        raise errors.malformed()
    for rule in rules:
        for method in rule.get("AllowedMethods") or []:
            if method not in ("GET", "PUT", "POST", "DELETE", "HEAD"):
                text = f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                raise errors.invalid_request(text)
        if any(origin.count("*") > 1 for origin in rule.get("AllowedOrigins") or []):
            raise errors.invalid_request("AllowedOrigin can not have more than one wildcard.")
    return await CORS.put(call, caller, params)


async def get_encryption(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """What new objects are said to be encrypted with: keys of S3's where nothing else was put."""
    found = await ENCRYPTION.get(call, caller, params)
    if found:
        rules = found[ENCRYPTION.shown].get("Rules") or []
        return {ENCRYPTION.shown: {"Rules": [{"BucketKeyEnabled": False, **rule} for rule in rules]}}
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


async def get_request_payment(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Who pays: the owner, unless something else was put."""
    return {"Payer": "BucketOwner", **await PAYMENT.get(call, caller, params)}


async def put_versioning(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Versions are kept from now on, or no more are."""
    bucket = call.bucket(caller, params, "s3:PutBucketVersioning")
    bodies.check_document(call)
    said = params.get("VersioningConfiguration") or {}
    status = said.get("Status")
    if said.get("MFADelete") == ENABLED:
        raise errors.unbuilt("MFA delete")
    if status not in (ENABLED, SUSPENDED):
        raise errors.malformed()
    if bucket.locks and status == SUSPENDED:
        text = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        raise errors.ObjectError("InvalidBucketState", text, 409)
    await call.env.registry.change(bucket, lambda _bucket: {"versioning": status})
    return {}


async def get_versioning(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Whether versions are kept; nothing for a bucket where that was never said."""
    return {"Status": call.bucket(caller, params, "s3:GetBucketVersioning").versioning or None}


async def put_tagging(call: Call, caller: Caller, params: dict[str, Any]) -> Answer:
    """All of the bucket's tags. 204, which the model does not say:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html (Examples)."""
    bucket = call.bucket(caller, params, "s3:PutBucketTagging")
    bodies.check_document(call)
    said = tags.checked((params.get("Tagging") or {}).get("TagSet") or [], tags.BUCKET_TAGS)
    await call.env.registry.put(bucket, "Tags", said)
    return Answer({}, {}, 204)


async def get_tagging(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The bucket's tags. Raises ObjectError when it has none."""
    bucket = call.bucket(caller, params, "s3:GetBucketTagging")
    said = bucket.settings.get("Tags")
    if not said:
        raise errors.no_configuration("NoSuchTagSet", "The TagSet does not exist", bucket.name)
    return {"TagSet": tags.shown(said)}


async def delete_tagging(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Take them away."""
    bucket = call.bucket(caller, params, "s3:PutBucketTagging")
    await call.env.registry.put(bucket, "Tags", None)
    return {}


async def put_ownership(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Whether ACLs count."""
    bucket = call.bucket(caller, params, "s3:PutBucketOwnershipControls")
    rules = (params.get("OwnershipControls") or {}).get("Rules") or []
    if len(rules) != 1:
        raise errors.malformed()
    asked = rules[0]["ObjectOwnership"]
    if asked == "BucketOwnerEnforced" and bucket.settings.get("Acl"):
        raise acls.without_effect()
    await call.env.registry.put(bucket, "Ownership", asked)
    return {}


async def get_ownership(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Whether ACLs count."""
    bucket = call.bucket(caller, params, "s3:GetBucketOwnershipControls")
    said = bucket.settings.get("Ownership")
    if not said:
        text = "The bucket ownership controls were not found"
        raise errors.no_configuration("OwnershipControlsNotFoundError", text, bucket.name)
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": said}]}}


async def delete_ownership(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Take them away."""
    bucket = call.bucket(caller, params, "s3:PutBucketOwnershipControls")
    await call.env.registry.put(bucket, "Ownership", None)
    return {}


def _absent(code: str, text: str, action: str) -> Run:
    """What is never there, since it can't be put."""

    async def get(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        bucket = call.bucket(caller, params, action)
        raise errors.no_configuration(code, text, bucket.name)

    return get


SETTINGS: dict[str, Run] = {
    "PutBucketCors": put_cors,
    "GetBucketCors": CORS.get,
    "DeleteBucketCors": CORS.delete,
    "DeleteBucketLifecycle": LIFECYCLE.delete,
    "PutBucketEncryption": ENCRYPTION.put,
    "GetBucketEncryption": get_encryption,
    "DeleteBucketEncryption": ENCRYPTION.delete,
    "PutPublicAccessBlock": PUBLIC.put,
    "GetPublicAccessBlock": PUBLIC.get,
    "DeletePublicAccessBlock": PUBLIC.delete,
    "GetBucketLogging": LOGGING.get,
    "PutBucketRequestPayment": PAYMENT.put,
    "GetBucketRequestPayment": get_request_payment,
    "GetBucketAccelerateConfiguration": ACCELERATE.get,
    "PutBucketVersioning": put_versioning,
    "GetBucketVersioning": get_versioning,
    "PutBucketTagging": put_tagging,
    "GetBucketTagging": get_tagging,
    "DeleteBucketTagging": delete_tagging,
    "PutBucketOwnershipControls": put_ownership,
    "GetBucketOwnershipControls": get_ownership,
    "DeleteBucketOwnershipControls": delete_ownership,
    "GetBucketWebsite": _absent(
        "NoSuchWebsiteConfiguration",
        "The specified bucket does not have a website configuration",
        "s3:GetBucketWebsite",
    ),
    "GetBucketReplication": _absent(
        "ReplicationConfigurationNotFoundError",
        "The replication configuration was not found",
        "s3:GetReplicationConfiguration",
    ),
}
"""The operations by name. What has no effect yet is not put: website, replication, logging, acceleration."""
