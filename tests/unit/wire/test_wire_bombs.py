"""Bodies that are made to be hard to read: refused, in a moment."""

import io
import time

import pytest

from lambent.objects import ranges
from lambent.wire import chunks, parse, parse_xml, query, service
from lambent.wire.fault import Fault
from lambent.wire.http import Request

DELETE = '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{}</Delete>'
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    + "]><Delete><Object><Key>&m;</Key></Object></Delete>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&a;</Key></Object></Delete>'


@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp037"])
def test_no_entity_of_a_document_is_known(text: str, coding: str) -> None:
    declared = "" if coding.startswith("utf-8") else f'<?xml version="1.0" encoding="{coding}"?>'
    with pytest.raises(Fault) as caught:
        parse_xml.root_of((declared + text).encode(coding))
    assert caught.value.code == "MalformedXML"


def test_an_ordinary_document_is_read_whatever_it_says_of_its_coding() -> None:
    for head in ("", "\ufeff", '<?xml version="1.0" encoding="UTF-8"?>\n', '<?xml version="1.0" encoding="utf-8"?>'):
        root = parse_xml.root_of((head + DELETE.format("<Quiet>tr\u00fce</Quiet>")).encode())
        assert root[0].text == "tr\u00fce"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (DELETE.format("<Object><Key>k</Key></Object>" * 700_000).encode(), "MaxMessageLengthExceeded"),
        (b"<a>" * 1_000_000, "MalformedXML"),
        (b"\0" * 1_000, "MalformedXML"),
        (b'<a xmlns="' + b"n" * 7_000_000 + b'">' + b"<b/>" * 1_000 + b"</a>", "MalformedXML"),
        (b"<a>" + b"<b/>" * 1_500_000 + b"</a>", "MalformedXML"),
        (b"<a " + b" ".join(b'a%d="1"' % n for n in range(500_000)) + b"/>", "MalformedXML"),
    ],
)
def test_what_is_too_much_of_a_document_is_refused(body: bytes, code: str) -> None:
    began = time.process_time()
    with pytest.raises(Fault) as caught:
        parse_xml.root_of(body)
    assert caught.value.code == code
    assert time.process_time() - began < 5


def test_the_longest_list_of_parts_is_read() -> None:
    checksum = "<ChecksumSHA256>uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=</ChecksumSHA256>"
    part = f"<Part><PartNumber>1</PartNumber><ETag>&quot;{'0' * 32}&quot;</ETag>{checksum * 3}</Part>"
    root = parse_xml.root_of(
        f'<CompleteMultipartUpload xmlns="http://x/">{part * 10_000}</CompleteMultipartUpload>'.encode()
    )
    assert len(root) == 10_000


def test_a_deep_document_is_read_no_deeper_than_its_shape() -> None:
    body = (b"<a>" * 90_000) + (b"</a>" * 90_000)
    request = Request("POST", "/bucket", "delete", body=DELETE.format(body.decode()).encode())
    assert parse.parse(service.load("s3"), "DeleteObjects", request)["Bucket"] == "bucket"


@pytest.mark.parametrize(
    "body",
    [b"a=b&" * 1_000_000, b"Message=" + b"x" * (17 << 20), b"Attributes.entry.1" + b".1" * 150 + b"=x&" * 200_000],
)
def test_a_form_with_too_much_is_refused(body: bytes) -> None:
    began = time.process_time()
    with pytest.raises(Fault) as caught:
        query.form_of(Request("POST", "/", body=body))
    assert caught.value.status == 413
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("name", "operation", "size", "fits"),
    [
        ("sqs", "SendMessage", 15 << 20, True),
        ("sqs", "SendMessage", 17 << 20, False),
        ("lambda", "CreateFunction", 66 << 20, True),
        ("lambda", "CreateFunction", 71 << 20, False),
        ("lambda", "TagResource", 17 << 20, False),
        ("s3", "PutObject", 1 << 30, True),
        ("s3", "UploadPart", 1 << 30, True),
        ("s3", "CompleteMultipartUpload", 17 << 20, False),
        ("apigateway", "ImportRestApi", 17 << 20, True),
        ("kinesis", "PutRecords", 15 << 20, True),
    ],
)
def test_documents_have_a_bound_and_contents_have_theirs(name: str, operation: str, size: int, fits: bool) -> None:
    model = service.load(name)
    if fits:
        model.check_size(operation, size)
        return
    with pytest.raises(Fault) as caught:
        model.check_size(operation, size)
    assert caught.value.status == 413


def test_chunks_of_a_byte_each_are_not_read_to_their_end() -> None:
    body, few = b"1\r\na\r\n" * 1_000_000 + b"0\r\n\r\n", b"1\r\na\r\n" * 9_000 + b"0\r\n\r\n"
    assert chunks.read_chunks(few, None).payload == chunks.ChunkReader(io.BytesIO(few)).read() == b"a" * 9_000
    began = time.process_time()
    with pytest.raises(chunks.ChunkError, match="8192"):
        chunks.read_chunks(body, None)
    with pytest.raises(chunks.ChunkError, match="8192"):
        chunks.ChunkReader(io.BytesIO(body)).read()
    assert time.process_time() - began < 1


def test_a_range_of_thousands_of_digits_is_beyond_all_objects() -> None:
    assert ranges.read(f"bytes=0-{'9' * 5_000}", 10) == ranges.read(f"bytes=-{'9' * 5_000}", 10) == (0, 10)
