"""DynamoDB Local in a process of its own: where it is found, how it is started, and what is asked of it.

Its tables lie in the data folder, and outlive it. It keeps those of each access key and region apart, and calls every
region `ddblocal`: here the account stands for the key, and names are put right on the way.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.UsageNotes.html
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lambent.model.scope import Caller, Scope
from lambent.neighbour import java_server
from lambent.neighbour.life import Child, Life, bare_environment
from lambent.neighbour.outbox import signed_as
from lambent.neighbour.process import BACK_OFF, MotoProcess
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

SERVICES = ("dynamodb", "dynamodbstreams")
JAR = "DynamoDBLocal.jar"
PACKAGES = ("node_modules/*", "node_modules/*/*", "node_modules/*/*/*")
"""Where packages of npm that ship the jar have it."""
ARN = b"arn:aws:dynamodb:%s:%s:"
REGION = b"ddblocal"
THERE = ARN % (REGION, b"000000000000")
"""How its own ARNs begin."""


class Missing(Exception):
    """What is not on this machine, in words for its user."""


@dataclass(frozen=True, slots=True)
class Found:
    """The Java program, and the jar."""

    java: Path
    jar: Path


def find(jar: Path | None, folder: Path, environ: Mapping[str, str]) -> Found:
    """`jar` is the file, a folder that it is in, or None: then packages of npm in `folder` are looked at. Raises
    Missing."""
    home = environ.get("JAVA_HOME", "")
    java = shutil.which("java", path=f"{home}/bin" if home else environ.get("PATH", os.defpath))
    if java is None:
        raise Missing("DynamoDB Local needs a Java runtime (17 or later): none is in JAVA_HOME or PATH")
    return Found(Path(java), _jar(jar, folder))


def _jar(named: Path | None, folder: Path) -> Path:
    places = (
        [named, named / JAR] if named is not None else [one for way in PACKAGES for one in folder.glob(f"{way}/{JAR}")]
    )
    for place in places:
        if place.is_file():
            return place.absolute()
    if named is not None:
        raise Missing(f"{named} is no {JAR}, and there is none in it")
    raise Missing(
        f"no package in {folder / 'node_modules'} ships {JAR}: name it by dynamodb_jar; AWS offers it for download"
    )


@dataclass(frozen=True, slots=True)
class Launch:
    """Starts it on the tables in `folder`, apart from every network."""

    found: Found
    folder: Path

    async def __call__(self, listening: int) -> Life:
        """Raises OSError."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        program = (sys.executable, java_server.__file__, str(listening), str(os.getpid()))
        started = await asyncio.create_subprocess_exec(
            *(*program, str(self.found.java), str(self.found.jar), str(self.folder)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(listening,),
            env=bare_environment() | {"DDB_LOCAL_TELEMETRY": "0"},
            start_new_session=True,
        )
        return Child(started)


def keep(found: Found, folder: Path, back_off: Sequence[float] = BACK_OFF) -> MotoProcess:
    """A keeper of it; its socket lies in `folder`, too."""
    return MotoProcess(Launch(found, folder / "tables"), folder, name="DynamoDB Local", back_off=back_off)


async def ready(local: MotoProcess) -> None:
    """Until it can answer. Raises Fault."""
    if not await local.wait_ready(java_server.START_SECONDS):
        why = local.reason or f"it is {local.state.value}"
        raise Fault("ServiceUnavailable", f"DynamoDB Local can't answer: {why}", status=503)


def asked(request: Request, caller: Caller | None) -> Request:
    """A request as it is passed on: as its account's, whatever key it came with."""
    scope = caller.scope if caller is not None else Scope()
    body = request.body.replace(_ours(scope), THERE)
    return replace(request, headers={**request.headers, "authorization": signed_as(scope, "dynamodb")}, body=body)


def answered(response: Response, caller: Caller | None) -> Response:
    """An answer with the names of the account and region that asked. Its checksum is of what it was before."""
    scope = caller.scope if caller is not None else Scope()
    if not isinstance(response.body, bytes) or REGION not in response.body:
        return response
    body = response.body.replace(THERE, _ours(scope)).replace(b'"awsRegion":"ddblocal"', _region(scope))
    return replace(response, body=body, headers=[one for one in response.headers if one[0].lower() != "x-amz-crc32"])


def _ours(scope: Scope) -> bytes:
    return ARN % (scope.region.encode(), scope.account.encode())


def _region(scope: Scope) -> bytes:
    return b'"awsRegion":"%s"' % scope.region.encode()
