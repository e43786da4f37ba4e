"""What is particular to an object that a form uploads: its policy is kept to, and the form says how it is answered.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
"""

import base64
import binascii
from urllib.parse import quote, urlencode, urlsplit
from xml.sax.saxutils import escape

from lambent.engine import post_policy
from lambent.engine.post_policy import Range, Refusal
from lambent.model.scope import Caller
from lambent.objects import errors
from lambent.objects.buckets import Bucket
from lambent.objects.contents import Kept
from lambent.objects.errors import ObjectError
from lambent.objects.objects import Version
from lambent.services.s3 import documents
from lambent.services.s3.env import Call
from lambent.wire.http import Form, Response


def allowed(call: Call, form: Form, bucket: Bucket) -> Range | None:
    """How large the file may be, as the form's policy says. Raises ObjectError for a form that it does not allow."""
    said = form.fields.get("policy")
    if not said:
        return None
    try:
        document = base64.b64decode(said)
    except (ValueError, binascii.Error):
        document = b""
    found = post_policy.decide(document, form.fields, bucket.name, call.env.clock.wall())
    if isinstance(found, Refusal):
        raise ObjectError("InvalidPolicyDocument", found.text) if found.invalid else errors.denied(found.text)
    return found


def check_size(call: Call, kept: Kept, size: Range | None) -> None:
    """Raises ObjectError for a file that is larger or smaller than it may be, which is forgotten."""
    if size is None or size.least <= kept.size <= size.most:
        return
    call.env.contents.forget(kept)
    if kept.size > size.most:
        members = {"ProposedSize": kept.size, "MaxSizeAllowed": size.most}
        raise ObjectError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400, members)
    members = {"ProposedSize": kept.size, "MinSizeAllowed": size.least}
    raise ObjectError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400, members)


def answer(call: Call, caller: Caller, form: Form, bucket: Bucket, version: Version) -> Response:
    """The answer that the form asks for: a redirection, a document, or nothing."""
    fields, etag = form.fields, f'"{version.row.etag}"'
    host = call.request.headers.get("host", "")
    location = f"http://{host}/{bucket.name}/{quote(version.key)}"
    headers = [("ETag", etag), ("Location", location), ("x-amz-request-id", caller.request_id)]
    made = documents.new_version(bucket, version)
    if made:
        headers.append(("x-amz-version-id", made))
    target = fields.get("success_action_redirect") or fields.get("redirect") or ""
    if _is_link(target):
        query = urlencode({"bucket": bucket.name, "key": version.key, "etag": etag})
        headers[1] = ("Location", f"{target}{'&' if '?' in target else '?'}{query}")
        return Response(303, headers)
    status = fields.get("success_action_status")
    if status != "201":
        return Response(200 if status == "200" else 204, headers)
    members = {"Location": location, "Bucket": bucket.name, "Key": version.key, "ETag": etag}
    shown = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in members.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{shown}</PostResponse>'.encode()
    return Response(201, [*headers, ("Content-Type", "application/xml")], body)


def _is_link(said: str) -> bool:
    """What can't be a link is passed over, as AWS does."""
    if not said.isprintable() or not said.isascii():
        return False
    try:
        return urlsplit(said).scheme in ("http", "https")
    except ValueError:
        return False
