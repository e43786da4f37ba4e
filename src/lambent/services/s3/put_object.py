"""PutObject, and POST Object, which is one by a form."""

from typing import Any

from lambent.model.scope import Caller
from lambent.objects import conditions
from lambent.objects.checksums import FULL
from lambent.objects.objects import Made
from lambent.services.s3 import bodies, documents, post_object
from lambent.services.s3.env import Call
from lambent.wire.http import Response


async def put_object(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any] | Response:
    """A new version of an object; on disk when this answers, and so are the events that it causes."""
    key, form = params["Key"], call.request.form
    bucket = call.bucket(caller, params, "s3:PutObject", key)
    document = documents.read(bucket, params, caller.scope.account, call.env.clock.wall())
    size = post_object.allowed(call, form, bucket) if form is not None else None
    kept, named = await bodies.keep(call)
    post_object.check_size(call, kept, size)
    document |= {"sums": {named: kept.checksums[named]}, "sumtype": FULL}
    made = Made(kept.size, kept.md5, kept.pieces, document, (kept,))
    event = "ObjectCreated:Put" if form is None else "ObjectCreated:Post"
    version = await call.env.objects.put(bucket, key, made, event, call.asker(caller), conditions.of(params))
    if form is not None:
        return post_object.answer(call, caller, form, bucket, version)
    return {
        "ETag": f'"{kept.md5}"',
        "VersionId": documents.new_version(bucket, version),
        **documents.sums(document),
        **documents.encryption(document),
    }
