"""Objects that a web page's form uploads (POST Object), made into the requests that put them.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html, sigv4-HTTPPOSTForms.html and
sigv4-authentication-HTTPPOST.html (what is signed); HTTPPOSTForms.html (Signature Version 2).
"""

import base64
import hmac
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import IO, Protocol, cast
from urllib.parse import quote, urlencode

from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from lambent.wire import sigv4
from lambent.wire.fault import Fault
from lambent.wire.http import Form, Request
from lambent.wire.locate import Credential
from lambent.wire.parse_xml import Element, root_of

TYPE = "multipart/form-data"
LONGEST_BOUNDARY = 70
"""Characters (RFC 2046, section 5.1.1); a longer one that the body nearly has is looked for without end."""
FIELD_BYTES = 20 << 10
"""All that may stand before the file."""
PIECE = 1 << 16
OF_FORM = frozenset({"x-amz-signature", "x-amz-algorithm", "x-amz-credential", "x-amz-date"})
AS_HEADERS = frozenset(
    {"cache-control", "content-type", "content-disposition", "content-encoding", "content-language", "expires"}
)
OF_REQUEST = ("host", "user-agent", "referer", "origin", "x-forwarded-for", "x-amzn-trace-id")
SecretOf = Callable[[str], str | None]


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class FilePart:
    """The bytes of the form's file, up to its boundary."""

    def __init__(self, source: _Source, decoder: MultipartDecoder) -> None:
        self._source = source
        self._decoder = decoder
        self._more = True
        self._rest = b""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes. Raises ValueError when there is no boundary behind them."""
        found = bytearray(self._rest)
        while self._more and (size < 0 or len(found) < size):
            event = self._decoder.next_event()
            if isinstance(event, Data):
                found += event.data
                self._more = event.more_data
            else:
                self._decoder.receive_data(self._source.read(PIECE) or None)
        end = len(found) if size < 0 else size
        self._rest = bytes(found[end:])
        return bytes(found[:end])


def is_form(request: Request) -> bool:
    """Whether a request for S3 is an uploading form; nothing else of S3's is posted without a query."""
    return (
        request.method == "POST"
        and not request.query
        and request.headers.get("content-type", "").lower().startswith(TYPE)
    )


def receive(request: Request, secret_of: SecretOf) -> Request:
    """The PutObject that a form to /BUCKET is. Raises Fault.

    Its signature is compared where the secret of its key is known; what its policy says is for the operation to see.
    """
    fields, name, part = _read(request)
    key = fields.get("key")
    if key is None:
        text = (
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields."
        )
        raise _invalid(text, "key")
    fields["key"] = key = key.replace("${filename}", name)
    if not key:
        raise _invalid("User key must have a length greater than 0.", "key")
    signer = _signer(fields, secret_of)
    form = Form(fields, signer.access_key, signer.region) if signer else Form(fields)
    path = f"{request.path.rstrip('/')}/{quote(key)}"
    headers = _headers(request, fields)
    if request.file is not None:
        return replace(request, method="PUT", path=path, headers=headers, file=cast(IO[bytes], part), form=form)
    try:
        body = part.read()
    except ValueError as error:
        raise _malformed() from error
    return replace(request, method="PUT", path=path, headers=headers, body=body, form=form)


def _read(request: Request) -> tuple[dict[str, str], str, FilePart]:
    """The fields before the file by lower-case name, the file's name, and its bytes."""
    _, options = parse_options_header(request.headers["content-type"])
    source = request.file if request.file is not None else io.BytesIO(request.body)
    boundary = options.get("boundary", "").encode()
    if len(boundary) > LONGEST_BOUNDARY:
        raise _malformed()
    decoder = MultipartDecoder(boundary, max_parts=1_000)
    fields: dict[str, str] = {}
    left, name = FIELD_BYTES, ""
    try:
        while True:
            event = decoder.next_event()
            if isinstance(event, NeedData):
                decoder.receive_data(source.read(PIECE) or None)
            elif isinstance(event, File | Field):
                if event.name.lower() == "file":
                    return fields, _base_name(getattr(event, "filename", "")), FilePart(source, decoder)
                name = event.name.lower()
                fields[name] = ""
            elif isinstance(event, Data):
                left -= len(event.data)
                fields[name] += event.data.decode()
            elif isinstance(event, Epilogue):
                raise _invalid("POST requires exactly one file upload per request.", "file")
            if left < 0:
                text = "Your POST request fields preceding the upload file were too large."
                raise Fault("MaxPostPreDataLengthExceeded", text, status=400)
    except Fault:
        raise
    except Exception as error:  # the decoder has no error of its own
        raise _malformed() from error


def _base_name(name: str) -> str:
    return re.split(r"[\\/]", name or "")[-1]


def _headers(request: Request, fields: Mapping[str, str]) -> dict[str, str]:
    headers = {name: request.headers[name] for name in OF_REQUEST if name in request.headers}
    for name, value in fields.items():
        if name in AS_HEADERS or (name.startswith("x-amz-") and name not in OF_FORM):
            headers[name] = _header(name, value)
    if "acl" in fields:
        headers["x-amz-acl"] = _header("acl", fields["acl"])
    if "tagging" in fields:
        headers["x-amz-tagging"] = _tagging(fields["tagging"])
    headers["transfer-encoding"] = "chunked"  # how long the file is, nobody said
    return headers


def _header(name: str, value: str) -> str:
    """A field as a header holds it. Raises Fault for what would be more than one line of it."""
    if any(char < " " or char == "\x7f" for char in value):
        raise _invalid("Header value cannot be represented using ISO-8859-1.", name)
    return value


def _tagging(said: str) -> str:
    tags = [one for one in root_of(said.encode()).iter() if one.tag.rpartition("}")[2] == "Tag"]
    return urlencode([(_child(tag, "Key"), _child(tag, "Value")) for tag in tags])


def _child(tag: Element, name: str) -> str:
    return next((one.text or "" for one in tag if one.tag.rpartition("}")[2] == name), "")


def _signer(fields: Mapping[str, str], secret_of: SecretOf) -> Credential | None:
    """Who signed the form, None for nobody. Raises Fault."""
    if "x-amz-signature" in fields or "x-amz-credential" in fields:
        signer, signed = _by_v4(fields, secret_of)
        signature = fields.get("x-amz-signature", "")
    elif "awsaccesskeyid" in fields:
        signer, signed = _by_v2(fields, secret_of)
        signature = fields.get("signature", "")
    else:
        return None
    for name in ("policy", "x-amz-signature" if "x-amz-credential" in fields else "signature"):
        if not fields.get(name):
            text = f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of"
            raise _invalid(f"{text} the fields.", name)
    if signed and not hmac.compare_digest(signed.encode(), signature.encode()):
        members = {"AWSAccessKeyId": signer.access_key}
        raise Fault("SignatureDoesNotMatch", sigv4.Reason.MISMATCH.value, status=403, members=members)
    return signer


def _by_v4(fields: Mapping[str, str], secret_of: SecretOf) -> tuple[Credential, str]:
    """Who signed, and with what if that is known. Raises Fault."""
    parts = fields.get("x-amz-credential", "").split("/")
    if len(parts) != 5 or fields.get("x-amz-algorithm") != sigv4.ALGORITHM or "x-amz-date" not in fields:
        text = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        raise _invalid(text)
    signer = Credential(*parts[:4])
    secret = secret_of(signer.access_key)
    return signer, sigv4.sign(sigv4.signing_key(secret, signer), fields.get("policy", "")) if secret else ""


def _by_v2(fields: Mapping[str, str], secret_of: SecretOf) -> tuple[Credential, str]:
    signer = Credential(fields["awsaccesskeyid"], "", "", "s3")
    secret = secret_of(signer.access_key)
    if not secret:
        return signer, ""
    digest = hmac.digest(secret.encode(), fields.get("policy", "").encode(), "sha1")
    return signer, base64.b64encode(digest).decode()


def _invalid(text: str, name: str = "") -> Fault:
    members = {"ArgumentName": name, "ArgumentValue": ""} if name else {}
    return Fault("InvalidArgument", text, status=400, members=members)


def _malformed() -> Fault:
    text = "The body of your POST request is not well-formed multipart/form-data."
    return Fault("MalformedPOSTRequest", text, status=400)
