"""Multipart uploads.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html and qfacts.html (sizes), and
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html (errors).
"""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lambent.objects import checksums, errors
from lambent.objects.buckets import Bucket
from lambent.objects.conditions import Conditions
from lambent.objects.contents import Kept
from lambent.objects.errors import ObjectError
from lambent.objects.names import key_bytes, key_text
from lambent.objects.notices import Asker
from lambent.objects.objects import Made, Objects, Version
from lambent.store.errors import StoreFull
from lambent.store.objects import Change, Item, PartRow, Pieces, UploadRow, View

MOST_PARTS = 10_000
SMALLEST_PART = 5 << 20
AT_ONCE = 20
"""Uploads that one transaction aborts."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload under way."""

    row: UploadRow
    document: dict[str, Any]

    @property
    def key(self) -> str:
        """The key that it is for."""
        return key_text(self.row.key)

    @property
    def algorithm(self) -> str:
        """The checksum of its parts, "" for what each brings."""
        return str(self.document.get("algorithm", ""))

    @property
    def sumtype(self) -> str:
        """FULL_OBJECT or COMPOSITE."""
        return str(self.document.get("sumtype", ""))


@dataclass(frozen=True, slots=True)
class Named:
    """A part as the one who completes an upload names it."""

    number: int
    etag: str
    sums: dict[str, str]


class Uploads:
    """The uploads of all buckets."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._store = objects.store

    async def begin(self, bucket: Bucket, key: str, document: dict[str, Any]) -> str:
        """A new upload; answers its id."""
        now = self.objects.clock.wall()
        row = UploadRow(bucket.uid, key_bytes(key), secrets.token_urlsafe(48)[:64], now, json.dumps(document))
        await self._write(bucket, lambda _view: (Change(uploads=[row]), None))
        return row.upload

    async def get(self, bucket: Bucket, key: str, upload: str) -> Upload:
        """An upload under way. Raises ObjectError."""
        found: Upload = await self._store.read(lambda view: _upload(view, bucket, key, upload))
        return found

    async def parts(self, upload: Upload) -> list[PartRow]:
        """Its parts, by number."""
        found: list[PartRow] = await self._store.read(lambda view: view.parts(upload.row.upload))
        return found

    async def put_part(
        self,
        bucket: Bucket,
        upload: Upload,
        number: int,
        made: Made,
        check: Callable[[View], object] = lambda view: None,
    ) -> PartRow:
        """A part, in the place of an earlier one of its number. `check` may refuse it. Raises ObjectError."""
        row = PartRow(
            upload.row.upload,
            number,
            made.size,
            made.etag,
            self.objects.clock.wall(),
            json.dumps(made.pieces),
            json.dumps(made.document),
        )
        contents = [one for kept in made.kept for one in kept.rows]

        def decide(view: View) -> tuple[Change, PartRow]:
            _upload(view, bucket, upload.key, upload.row.upload)
            check(view)
            return Change(contents=contents, parts=[row], parts_gone=view.parts(upload.row.upload, number)), row

        await self._write(bucket, decide, made.kept)
        return row

    async def abort(self, bucket: Bucket, key: str, upload: str) -> None:
        """The upload and its parts go. Raises ObjectError."""

        def decide(view: View) -> tuple[Change, None]:
            row = _upload(view, bucket, key, upload).row
            return Change(uploads_gone=[row], parts_gone=view.parts(upload)), None

        await self._write(bucket, decide, frees=True)

    async def abort_all(self, bucket: Bucket) -> None:
        """All uploads of a bucket that is leaving, so that their contents do not stay behind."""

        def decide(view: View) -> tuple[Change, int]:
            rows = view.uploads(bucket.uid, b"", None, AT_ONCE)
            parts = [part for row in rows for part in view.parts(row.upload)]
            return Change(uploads_gone=rows, parts_gone=parts), len(rows)

        while await self._store.write(Item(decide, frees=True)) == AT_ONCE:
            pass

    async def complete(
        self,
        bucket: Bucket,
        upload: Upload,
        named: Sequence[Named],
        said: dict[str, str],
        asker: Asker,
        asked: Conditions,
    ) -> Version:
        """The parts become an object. Raises ObjectError."""
        there = {part.part: part for part in await self.parts(upload)}
        chosen = [_chosen(there, one) for one in named]
        _check_order(named)
        _check_sizes(chosen, named)
        document, etag = _whole(upload, chosen, said)
        pieces: Pieces = [piece for part in chosen for piece in json.loads(part.content)]
        made = Made(sum(part.size for part in chosen), etag, pieces, document)

        def more(view: View) -> Change:
            row = _upload(view, bucket, upload.key, upload.row.upload).row
            return Change(uploads_gone=[row], parts_gone=view.parts(upload.row.upload))

        event = "ObjectCreated:CompleteMultipartUpload"
        return await self.objects.put(bucket, upload.key, made, event, asker, asked, more)

    async def _write(self, bucket: Bucket, decide: Any, kept: Sequence[Kept] = (), *, frees: bool = False) -> Any:
        def guarded(view: View) -> tuple[Change, Any]:
            if bucket.uid in self.objects.registry.leaving:
                raise errors.no_bucket(bucket.name)
            found: tuple[Change, Any] = decide(view)
            return found

        def arrived() -> None:
            for one in kept:
                self.objects.contents.arrived(one)

        try:
            return await self._store.write(Item(guarded, frees=frees), arrived)
        except (ObjectError, StoreFull):
            for one in kept:
                self.objects.contents.forget(one)
            raise


def _upload(view: View, bucket: Bucket, key: str, upload: str) -> Upload:
    row = view.upload(bucket.uid, key_bytes(key), upload)
    if row is None:
        raise errors.no_upload(upload)
    return Upload(row, json.loads(row.document))


def _chosen(there: dict[int, PartRow], one: Named) -> PartRow:
    part = there.get(one.number)
    if part is None or part.etag != one.etag:
        raise _bad_part(one)
    sums = json.loads(part.document).get("sums") or {}
    if any(sums.get(name) != value for name, value in one.sums.items()):
        raise _bad_part(one)
    return part


def _bad_part(one: Named) -> ObjectError:
    text = (
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
        "entity tag may not match the part's entity tag."
    )
    return ObjectError("InvalidPart", text, 400, {"PartNumber": one.number, "ETag": one.etag})


def _check_order(named: Sequence[Named]) -> None:
    numbers = [one.number for one in named]
    if numbers != sorted(set(numbers)):
        text = "The list of parts was not in ascending order. Parts must be ordered by part number."
        raise ObjectError("InvalidPartOrder", text)


def _check_sizes(chosen: Sequence[PartRow], named: Sequence[Named]) -> None:
    for part, one in list(zip(chosen, named, strict=True))[:-1]:
        if part.size < SMALLEST_PART:
            members = {
                "ProposedSize": part.size,
                "MinSizeAllowed": SMALLEST_PART,
                "PartNumber": one.number,
                "ETag": one.etag,
            }
            text = "Your proposed upload is smaller than the minimum allowed size"
            raise ObjectError("EntityTooSmall", text, 400, members)


def _whole(upload: Upload, chosen: Sequence[PartRow], said: dict[str, str]) -> tuple[dict[str, Any], str]:
    """The document and the ETag of the object. Raises ObjectError when its checksum is not what was said."""
    document = {name: value for name, value in upload.document.items() if name not in ("algorithm", "sumtype")}
    documents = [json.loads(part.document) for part in chosen]
    name = upload.algorithm or checksums.DEFAULT
    sumtype = upload.sumtype or checksums.FULL
    values = [one.get("sums", {}).get(name) for one in documents]
    parts = [[part.part, part.size, value] for part, value in zip(chosen, values, strict=True)]
    if all(values):
        if sumtype == checksums.FULL:
            value = checksums.full(name, [(str(one), part.size) for one, part in zip(values, chosen, strict=True)])
        else:
            value = checksums.composite(name, [str(one) for one in values])
        if said.get(name) not in (None, value, value.partition("-")[0] if sumtype == checksums.COMPOSITE else None):
            raise errors.bad_digest(name)
        document |= {"sums": {name: value}, "sumtype": sumtype}
    document |= {"parts": parts, "upload": upload.row.upload}
    return document, checksums.etag_of_parts([part.etag for part in chosen])
