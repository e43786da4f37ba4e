"""The layer of AWS's Parameters and Secrets Lambda Extension, as it is here: its name, and a package that says so.

AWS's own can't be had. A function that names it, in whatever account AWS has it for the region, is given this one: the
platform answers on the extension's port (`lambent.runtime_api.parameters`), in every runtime.
Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html
"""

import functools
import hashlib
import io
import re
import zipfile

NAME = re.compile("AWS-Parameters-and-Secrets-Lambda-Extension(-Arm64)?")
PORT_VARIABLE = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"
PORT = 2773
TEXT = b"Lambent answers on this port what AWS's Parameters and Secrets Lambda Extension does.\n"


@functools.cache
def package() -> bytes:
    """The same bytes at all times: functions know their layers by what they are made of."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        about = zipfile.ZipInfo("lambent/parameters-and-secrets.txt", (1980, 1, 1, 0, 0, 0))
        about.external_attr = 0o644 << 16
        archive.writestr(about, TEXT)
    return content.getvalue()


@functools.cache
def digest() -> str:
    """Hex SHA-256 of the package, which is its name in the store."""
    return hashlib.sha256(package()).hexdigest()


def port(variables: dict[str, str]) -> int:
    """The port that a function with these variables asks; AWS's own when it names none that can be one."""
    said = variables.get(PORT_VARIABLE, "")
    return int(said) if said.isdecimal() and 1024 <= int(said) <= 65_535 else PORT
