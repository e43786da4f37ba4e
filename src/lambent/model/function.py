"""What runs: one version of a function, with everything an execution environment needs."""

from dataclasses import dataclass, field

from lambent.model.scope import Scope

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True)
class Image:
    """The container image of a function.

    `uri` is as it was sent, `digest` (hex SHA-256 of its manifest) what it meant then. What follows overrides what the
    image itself says; empty where nothing was said.
    """

    uri: str
    digest: str
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_directory: str = ""


@dataclass(frozen=True, slots=True)
class FileSystem:
    """What a function sees of an access point (an ARN), at a path below /mnt."""

    arn: str
    path: str


@dataclass(frozen=True, slots=True)
class FunctionVersion:
    """A function version as an execution environment sees it.

    `memory` and `ephemeral_storage` are in MB (1 MB = 1,048,576 bytes), `timeout` in seconds. `code` is the
    hex SHA-256 of the deployment package, its name in the blob store. `revision_id` changes with every change
    of code or configuration: environments started under another revision are not used again. `layers` are the
    digests of the layers' packages, in the order in which they are laid over one another. `image` stands in the place
    of a package: `code`, `runtime` and `handler` are then empty. With `snap_start`
    environments of a published version begin with a snapshot of it. `traced` is its TracingConfig Active.
    """

    scope: Scope
    name: str
    version: str
    runtime: str
    handler: str
    code: str
    role: str
    revision_id: str
    timeout: int = 3
    memory: int = 128
    ephemeral_storage: int = 512
    environment: dict[str, str] = field(default_factory=dict)
    log_group: str = ""
    log_format: str = "Text"
    application_log_level: str | None = None
    system_log_level: str | None = None
    runtime_version_arn: str = ""
    layers: tuple[str, ...] = ()
    image: Image | None = None
    snap_start: bool = False
    file_systems: tuple[FileSystem, ...] = ()
    traced: bool = False

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:aws:lambda:{self.scope.region}:{self.scope.account}:function:{self.name}"
