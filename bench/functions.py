"""The functions that are measured: source text, as `function.py` with the handler `function.handler`."""

import base64
import io
import zipfile

HANDLER = "function.handler"
NOOP = "def handler(event, context):\n    return event\n"
STDLIB = (
    "import csv, datetime, decimal, email.message, hashlib, http.client, json, logging, re, sqlite3, ssl\n"
    "import uuid, xml.etree.ElementTree, zipfile\n\n" + NOOP
)
BOTO3 = "import boto3\n\n" + NOOP
BOTO3_CLIENT = (
    'import boto3\n\nclient = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a",'
    ' aws_secret_access_key="b")\n\n' + NOOP
)
HOLD = (
    "import time\n\n\ndef handler(event, context):\n"
    "    started = time.time()\n"
    '    time.sleep(max(0, event["until"] - started))\n'
    '    return {"started": started, "environment": context.log_stream_name}\n'
)
"""Stays busy until the time in the event (seconds since 1970), and says where and from when it ran."""


def package(source: str) -> bytes:
    """A deployment package (zip) with one module, readable by the user that functions run as."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        module = zipfile.ZipInfo("function.py")
        module.external_attr = 0o644 << 16
        archive.writestr(module, source)
    return buffer.getvalue()


def create_body(name: str, source: str) -> dict[str, object]:
    """The body of a CreateFunction request for this interpreter's runtime."""
    import sys

    return {
        "FunctionName": name,
        "Runtime": f"python{sys.version_info[0]}.{sys.version_info[1]}",
        "Role": "arn:aws:iam::000000000000:role/bench",
        "Handler": HANDLER,
        "Timeout": 60,
        "MemorySize": 1769,
        "Code": {"ZipFile": base64.b64encode(package(source)).decode()},
    }
