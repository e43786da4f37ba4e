"""Where a template comes from: the request, an object in S3, or what the stack has already.

Source of the texts: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html and
answers of AWS in public issues.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.ports import Ask, Refused
from lambent.deploy.stack import Goal
from lambent.deploy.template.template import BODY_BYTES, URL_BYTES
from lambent.model.constraints import broken
from lambent.model.scope import Scope

NOT_ONE = "Either Template URL or Template Body must be specified."


@dataclass(frozen=True, slots=True)
class Source:
    """One of them is said; `limit` is the longest body in bytes."""

    body: str | None = None
    url: str | None = None
    previous: bool = False
    limit: int = BODY_BYTES


async def template_text(ask: Ask, scope: Scope, source: Source, former: Goal | None) -> str:
    """The template. Raises TemplateInvalid."""
    said = [source.body is not None, source.url is not None, source.previous]
    if sum(said) != 1:
        raise TemplateInvalid(NOT_ONE)
    if source.previous:
        if former is None:
            raise TemplateInvalid(NOT_ONE)
        return former.template
    if source.body is not None:
        return _bounded(source.body, source.limit)
    return _bounded(await _fetched(ask, scope, str(source.url)), URL_BYTES)


def _bounded(text: str, most: int) -> str:
    size = len(text.encode())
    if size > most:
        raise TemplateInvalid(broken("Value", "templateBody", f"Member must have length less than or equal to {most}"))
    if not text.strip():
        raise TemplateInvalid("Template format error: unsupported structure.")
    return text


async def _fetched(ask: Ask, scope: Scope, url: str) -> str:
    bucket, key, version = address(url)
    params = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
    try:
        said = await ask(scope, "s3", "GetObject", params)
    except Refused as error:
        raise TemplateInvalid(f"S3 error: {error.message or error.code}") from error
    body = said.get("Body", b"")
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)


def address(url: str) -> tuple[str, str, str]:
    """Bucket, key and version that a URL means, in any of S3's forms or on this machine. Raises TemplateInvalid."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path).lstrip("/")
    version = parse_qs(parts.query).get("versionId", [""])[0]
    if parts.scheme == "s3":
        return host, path, version
    if parts.scheme not in ("http", "https") or not path:
        raise TemplateInvalid("TemplateURL must be a supported URL.")
    first = host.split(".", maxsplit=1)[0]
    if (is_loopback(host) and not host.endswith(".localhost")) or first == "s3" or first.startswith("s3-"):
        bucket, _, key = path.partition("/")
    elif host.endswith(".localhost") or ".s3" in host:
        bucket, key = host.partition(".s3")[0].removesuffix(".localhost"), path
    else:
        raise TemplateInvalid("TemplateURL must be a supported URL.")
    return bucket, key, version


def is_loopback(host: str) -> bool:
    """Whether a host name leads to this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
