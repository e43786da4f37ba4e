"""Layers of AWS's own that stand for something the platform does itself: a name, and a package that says so.

AWS's own can't be had. A function that names one, in whatever account AWS has it for the region, is given this one.
"""

import functools
import hashlib
import io
import re
import zipfile
from dataclasses import dataclass


@dataclass(frozen=True)
class OwnLayer:
    """One of them: what its layer may be called, and the file and text of its package."""

    name: re.Pattern[str]
    file: str
    text: bytes

    @functools.cached_property
    def package(self) -> bytes:
        """The same bytes at all times: functions know their layers by what they are made of."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            about = zipfile.ZipInfo(f"lambent/{self.file}", (1980, 1, 1, 0, 0, 0))
            about.external_attr = 0o644 << 16
            archive.writestr(about, self.text)
        return content.getvalue()

    @functools.cached_property
    def digest(self) -> str:
        """Hex SHA-256 of the package, which is its name in the store."""
        return hashlib.sha256(self.package).hexdigest()


PARAMETERS = OwnLayer(
    re.compile("AWS-Parameters-and-Secrets-Lambda-Extension(-Arm64)?"),
    "parameters-and-secrets.txt",
    b"Lambent answers on this port what AWS's Parameters and Secrets Lambda Extension does.\n",
)
"""https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html"""
INSIGHTS = OwnLayer(
    re.compile("LambdaInsightsExtension(-Arm64)?"),
    "insights.txt",
    b"Lambent measures what AWS's Lambda Insights extension does.\n",
)
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Lambda-Insights-extension-versions.html"""
OWN = (PARAMETERS, INSIGHTS)
PORT_VARIABLE = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"
PORT = 2773


def parameters_port(variables: dict[str, str]) -> int:
    """The port that a function with these variables asks; AWS's own when it names none that can be one."""
    said = variables.get(PORT_VARIABLE, "")
    return int(said) if said.isdecimal() and 1024 <= int(said) <= 65_535 else PORT
