"""Who may do what with a bucket: its owner's account unless a policy denies it, all others only if one allows it.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html,
access-control-block-public-access.html and acl-overview.html (what a canned ACL grants).
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from lambent.engine.authorisation import principals, resource
from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.request_keys import of_any
from lambent.model.scope import Caller
from lambent.objects import errors
from lambent.objects.buckets import Bucket
from lambent.permissions.reference import TAGS_UNASKED
from lambent.wire.http import Request

OWNERS_ALWAYS = frozenset({"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"})
"""What a policy can't take from the root of the bucket's account."""
TAG = "s3:existingobjecttag/"
ANONYMOUS = "anonymous"
EXPLICIT = "with an explicit deny in a resource-based policy"


def check(
    bucket: Bucket,
    caller: Caller,
    request: Request,
    params: Mapping[str, Any],
    action: str,
    key: str | None,
    now: float,
    tags: Mapping[str, str],
) -> None:
    """`now` is seconds since 1970, `tags` are those that the object has. Raises ObjectError AccessDenied."""
    expected = params.get("ExpectedBucketOwner")
    if expected and expected != bucket.scope.account:
        raise errors.denied()
    known = caller.access_key is not None
    account = caller.scope.account if known else ANONYMOUS
    arn = bucket.arn if key is None else f"{bucket.arn}/{key}"
    policy: Mapping[str, Any] = bucket.settings.get("Policy") or {}
    own = account == bucket.scope.account
    if own and not policy:
        return
    who = resource.asking(caller) if known else principals.ANONYMOUS
    ask = Ask(who, action, arn, keys=_context(request, params, now, {} if action in TAGS_UNASKED else tags))
    if not (own and action in OWNERS_ALWAYS) and resource.denies(policy, ask):
        refused = _denied(caller, action, arn, EXPLICIT)
        raise errors.ExplicitDenial(refused.code, refused.message, refused.status)
    if own:
        return
    if action in OWNERS_ALWAYS or not (_by_policy(bucket, policy, ask, known) or _by_acl(bucket, action, known)):
        if not known:
            raise errors.denied()
        raise _denied(caller, action, arn, f"because no resource-based policy allows the {action} action")


def asks_for_tags(bucket: Bucket) -> bool:
    """Whether a bucket's policy says anything of the tags of its objects."""
    return TAG in bucket.settings.get("PolicyText", "").lower()


def _by_policy(bucket: Bucket, policy: Mapping[str, Any], ask: Ask, known: bool) -> bool:
    blocked = (bucket.settings.get("PublicAccessBlock") or {}).get("RestrictPublicBuckets")
    return resource.lets_in(policy, ask) and (known or not blocked)


def _by_acl(bucket: Bucket, action: str, known: bool) -> bool:
    blocked = (bucket.settings.get("PublicAccessBlock") or {}).get("IgnorePublicAcls")
    canned = bucket.settings.get("Acl", "private")
    if blocked or not canned.startswith(("public-", "authenticated-")):
        return False
    if canned == "authenticated-read" and not known:
        return False
    if action in ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"):
        return True
    return bool(canned == "public-read-write" and action in ("s3:PutObject", "s3:DeleteObject"))


def _context(request: Request, params: Mapping[str, Any], now: float, tags: Mapping[str, str]) -> dict[str, str]:
    """The condition keys, in lower case."""
    found = of_any(now)
    for header, name in (("user-agent", "aws:useragent"), ("referer", "aws:referer")):
        if header in request.headers:
            found[name] = request.headers[header]
    for header, value in request.headers.items():
        if header.startswith("x-amz-"):
            found[f"s3:{header}"] = value
    for key, value in parse_qsl(request.headers.get("x-amz-tagging", ""), keep_blank_values=True):
        found[f"s3:requestobjecttag/{key.lower()}"] = value
    found |= {f"{TAG}{key.lower()}": value for key, value in tags.items()}
    for member, name in (
        ("Prefix", "prefix"),
        ("Delimiter", "delimiter"),
        ("MaxKeys", "max-keys"),
        ("VersionId", "versionid"),
    ):
        if params.get(member) is not None:
            found[f"s3:{name}"] = str(params[member])
    return found


def _denied(caller: Caller, action: str, arn: str, why: str) -> errors.ObjectError:
    who = resource.asking(caller).arn
    return errors.denied(f'User: {who} is not authorized to perform: {action} on resource: "{arn}" {why}')
