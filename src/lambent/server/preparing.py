"""What is made ready before a function turns Active, and what can't be run on this machine."""

import os
from collections.abc import Callable
from datetime import UTC, datetime

from lambent.environments.file_systems import FileSystemMissing, FileSystems, is_writable
from lambent.environments.runtime_places import Places
from lambent.environments.snapshots import Snapshots
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.scope import Caller
from lambent.runtimes import interpreters, table
from lambent.sandbox.errors import SnapshotFailed
from lambent.sandbox.host import SandboxHost
from lambent.sandbox.orders import GID, UID
from lambent.sandbox.spec import Level
from lambent.server.base import REAL
from lambent.services.lambda_ import faults
from lambent.services.lambda_.functions.state_reasons import Unready
from lambent.store.image_layers import ImageError
from lambent.store.images import Images
from lambent.store.registry import ImageMissing


async def make_ready(
    snapshots: Snapshots,
    host: SandboxHost,
    images: Images,
    files: FileSystems,
    report: Callable[[Finding], None],
    outbound: Callable[[str], None],
    function: FunctionVersion,
) -> None:
    """Before a function turns Active: what its runtime needs is installed, its zygote or snapshot stands ready."""
    outbound(function.arn)
    await _prepare_files(files, report, function)
    try:
        place = await snapshots.place(function)
    except SnapshotFailed as failed:
        # Wording of our own; the code is the service model's.
        raise Unready("FunctionError.RuntimeInitError", f"The initialization failed with {failed.kind}.") from failed
    await host.warm(place.zygote)
    if function.layers and host.level is Level.PROCESS:
        text = "at this level of isolation its layers are on the runtime's paths but not at /opt"
        report(Finding("layers-elsewhere", function.arn, text, "code that names /opt needs isolation namespace"))
    if function.image is not None:
        notes = (await images.unpacked(function.image.uri, function.image.digest)).notes
        for what, count in notes.items():
            report(Finding(f"image-{what.replace(' ', '-')}", function.arn, f"of its image: {what} ({count} times)"))


async def _prepare_files(files: FileSystems, report: Callable[[Finding], None], function: FunctionVersion) -> None:
    """The folders of its file systems are there; a finding tells which it can't write to."""
    try:
        folders = await files.folders(function)
    except FileSystemMissing as missing:
        # Wording of our own; the code is the service model's.
        raise Unready("EFSMountFailure", f"The file system can't be mounted: {missing}.") from missing
    for path, folder in folders.items():
        if not is_writable(folder):
            hint = f"On this machine: chown {UID}:{GID} {folder}" if os.geteuid() == 0 else ""
            text = f"it can't write to its file system at {path}: {folder} belongs to someone else"
            report(Finding("file-system-not-writable", function.arn, text, hint))


def tell_of_network(host: SandboxHost, setting: str, report: Callable[[Finding], None], arn: str) -> None:
    """A function that can't reach the internet although nobody said that it shall not."""
    if host.outbound_problem and setting != "none":
        hint = "`lambent doctor` says what is missing; set network to none to be told no more"
        report(Finding("no-outbound-network", arn, f"it can't reach the internet: {host.outbound_problem}", hint))


def runtime_check(places: Places) -> Callable[[str], None]:
    """Refuses a runtime that AWS, or this machine, does not have."""

    def check(runtime: str) -> None:
        text = table.refusal(runtime, datetime.fromtimestamp(REAL.wall(), UTC).date())
        if text:
            raise faults.invalid(text)
        try:
            places.check(runtime)
        except (table.RuntimeUnsupported, interpreters.InterpreterMissing) as error:
            raise faults.invalid(str(error)) from error

    return check


async def resolve_image(images: Images, level: Level, caller: Caller, uri: str) -> str:
    """The digest of an image. Raises Fault."""
    if level is not Level.NAMESPACE:
        raise faults.unsupported(f"A container image at level of isolation {level.value} (Code.ImageUri)")
    try:
        return await images.resolve(uri, caller.scope)
    except ImageMissing as error:
        # AWS's text as publicly reported by its callers, with the reason.
        text = f"Source image {uri} does not exist. Provide a valid source image. ({error})"
        raise faults.invalid(text) from error
    except ImageError as error:
        raise faults.invalid(f"Source image {uri} is not valid. Provide a valid source image. ({error})") from error
