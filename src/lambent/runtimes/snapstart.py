"""SnapStart for Python: how a snapshot is made ready, and how the environments that are forked from it differ.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html, and for the credentials
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html (AWS_CONTAINER_CREDENTIALS_FULL_URI).
"""

from dataclasses import dataclass, replace

from lambent.model.function import LATEST, FunctionVersion
from lambent.runtimes.place import OPT, TASK_ROOT, Around, Folders, Place
from lambent.runtimes.python import INSIDE_DIR
from lambent.runtimes.variables import RUNTIME_DIR
from lambent.sandbox.spec import Bind, ProcessSpec, SnapshotSpec, ZygoteSpec

INITIALIZATION = "snap-start"
CREDENTIALS_PATH = "/_lambent/credentials"
MB = 1 << 20

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def is_wanted(function: FunctionVersion) -> bool:
    """Whether environments of this version begin with a snapshot: published versions alone do."""
    return function.snap_start and function.version != LATEST


def environment(base: Place, function: FunctionVersion, around: Around) -> dict[str, str]:
    """As on demand, but for credentials: a snapshot's would be those of all its environments."""
    variables = base.environment(function, replace(around, initialization_type=INITIALIZATION))
    for key in _KEYS:
        variables.pop(key, None)
    return variables | {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": around.endpoint_url + CREDENTIALS_PATH,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": around.credentials.session_token,
    }


def snapshot_spec(
    base: Place, function: FunctionVersion, folders: Folders, around: Around, name: str, listen: tuple[int, ...]
) -> ZygoteSpec:
    """The zygote of `base` that sees the function's code and runs its initialisation."""
    zygote = base.zygote
    opt = (Bind(folders.opt, OPT),) if folders.opt is not None else ()
    return replace(
        zygote,
        paths=(RUNTIME_DIR, INSIDE_DIR),
        binds=(*zygote.binds, Bind(folders.code, TASK_ROOT), *opt),
        snapshot=SnapshotSpec(
            name=name,
            entry="lambent_snapshot:initialise",
            environment=tuple(environment(base, function, around).items()),
            listen=listen,
            tmp_bytes=function.ephemeral_storage * MB,
            memory_bytes=function.memory * MB,
            account=function.scope.account,
        ),
    )


@dataclass(frozen=True, slots=True)
class SnapshotPlace:
    """A version whose environments are forked from its snapshot. `base` is the runtime's own place."""

    base: Place
    zygote: ZygoteSpec
    forked: bool = True

    @property
    def version(self) -> str:
        """The runtime's."""
        return self.base.version

    def environment(self, function: FunctionVersion, around: Around) -> dict[str, str]:
        """See `environment`."""
        return environment(self.base, function, around)

    def process(self, environment: dict[str, str], folders: Folders, fds: dict[int, int]) -> ProcessSpec:
        """The runtime's process, which goes on where the snapshot stopped."""
        return replace(self.base.process(environment, folders, fds), entry="lambent_snapshot:restored")
