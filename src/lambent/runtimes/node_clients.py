"""What AWS's Node.js runtimes carry in /var/runtime: the runtime client and the AWS SDK, from npm's registry.

The client is AWS's own `aws-lambda-ric`, unmodified: one bundled file. Its native part, which speaks to the Runtime
API, would have to be compiled on each machine; `inside/node/rapid_client.mjs` stands for it. The SDK's clients are
a choice of AWS's (all of them are some 400); what is not among them is missing as a module, and says so.
"""

import json
import platform
import shutil
import ssl
import subprocess
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from lambent.runtimes import installs
from lambent.runtimes.installs import ClientError, ClientUnavailable, RegistryUnreachable

LAYOUT = 2
"""Raised when copies made by an older Lambent must not be used any more."""

CALLBACKS_END = 24
"""From this major version on AWS's client knows no callback handlers."""

SDK = (
    "client-apigatewaymanagementapi", "client-cloudformation", "client-cloudwatch", "client-cloudwatch-logs",
    "client-codedeploy", "client-cognito-identity-provider", "client-dynamodb", "client-eventbridge", "client-firehose",
    "client-iam", "client-kinesis", "client-kms", "client-lambda", "client-s3", "client-scheduler",
    "client-secrets-manager", "client-ses", "client-sesv2", "client-sfn", "client-sns", "client-sqs", "client-ssm",
    "client-sts", "lib-dynamodb", "lib-storage", "s3-request-presigner", "util-dynamodb",
)  # fmt: skip
"""Packages of @aws-sdk that every Node.js function finds, with what they bring along."""

PLACEHOLDER = "rapid-client.node"
CERTIFICATES = "ca-cert.pem"


def client_requirement(major: str) -> str:
    """The runtime client that AWS has in the runtime of that major version."""
    return "aws-lambda-ric@^4.0.2" if int(major) >= CALLBACKS_END else "aws-lambda-ric@^3.3.0"


def install(major: str, npm: Sequence[str], cache: Path, sdk: Sequence[str] = SDK) -> Path:
    """The folder that is /var/runtime for Node.js `major`. Blocks. Raises ClientError."""
    requirement = client_requirement(major)
    mark: dict[str, object] = {"layout": LAYOUT, "sdk": list(sdk)}
    installs.ensure(sdk_folder(cache, sdk), mark, lambda made: _install_sdk(npm, made, sdk))
    folder = cache / "clients" / f"node{major}"
    mark = {"layout": LAYOUT, "client": requirement}
    return installs.ensure(folder, mark, lambda made: _install_client(npm, made, requirement))


def sdk_folder(cache: Path, sdk: Sequence[str] = SDK) -> Path:
    """Where the SDK is or will be: a folder with `node_modules`. Another choice of clients lies elsewhere."""
    return cache / "clients" / f"node-sdk-{platform.machine()}-{zlib.crc32(' '.join(sdk).encode()):08x}"


def _install_client(npm: Sequence[str], made: Path, requirement: str) -> None:
    said = _npm(npm, made, requirement, "pack", requirement, "--silent", "--ignore-scripts")
    archive = made / said.strip().splitlines()[-1]
    _unpack(archive, made / ".package")
    archive.unlink()
    package = made / ".package/package"
    main = package / "dist/index.mjs" if (package / "dist/index.mjs").exists() else package / "index.mjs"
    main.rename(made / "index.mjs")
    for name in ("LICENSE", "NOTICE", "THIRD-PARTY-LICENSES"):
        if (package / name).exists():
            (package / name).rename(made / name)
    shutil.rmtree(made / ".package")
    (made / PLACEHOLDER).touch()
    _copy_certificates(made / CERTIFICATES)
    (made / "node_modules").mkdir()


def _unpack(archive: Path, target: Path) -> None:
    """The plain files of npm's archive, which are all that it may hold.

    Written out, because the filters of `TarFile.extractall` came with Python 3.11.4: Debian 12 has 3.11.2.
    Raises ClientError for a name that leads out of `target`.
    """
    root = target.resolve()
    with tarfile.open(archive) as packed:
        for member in packed:
            path = (root / member.name).resolve()
            if not path.is_relative_to(root):
                raise ClientError(f"{archive.name} is no package: it holds {member.name!r}")
            content = packed.extractfile(member) if member.isreg() else None
            if content is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())


def _copy_certificates(target: Path) -> None:
    """This machine's certificate authorities in the place of Amazon's own, which older runtimes are pointed to."""
    known = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    if Path(known).is_file():
        shutil.copyfile(known, target)
    else:
        target.touch()


def _install_sdk(npm: Sequence[str], made: Path, sdk: Sequence[str]) -> None:
    if not sdk:
        (made / "node_modules").mkdir()
        return
    wanted = {f"@aws-sdk/{name}": "^3" for name in sdk}
    (made / "package.json").write_text(json.dumps({"private": True, "dependencies": wanted}))
    _npm(npm, made, "the AWS SDK", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev")
    (made / "package.json").unlink()
    (made / "package-lock.json").unlink(missing_ok=True)


def _npm(npm: Sequence[str], cwd: Path, what: str, *words: str) -> str:
    try:
        done = installs.run([*npm, *words], cwd)
    except subprocess.TimeoutExpired as late:
        raise RegistryUnreachable(f"{what} could not be installed: npm took too long") from late
    if done.returncode == 0:
        return done.stdout
    lines = [line for line in done.stderr.splitlines() if "error" in line.lower()] or ["npm failed without a word"]
    kind: type[ClientError] = ClientError
    if installs.unreachable(done.stderr):
        kind = RegistryUnreachable
    elif "E404" in done.stderr or "ETARGET" in done.stderr:
        kind = ClientUnavailable
    raise kind(f"{what} could not be installed from npm's registry: {lines[0]}")
