"""A function version as it is stored."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from lambent.model.function import FileSystem, FunctionVersion, Image
from lambent.model.scope import Scope

_SELDOM = ("image", "published", "published_state")
"""Fields that are stored only when they say something."""


@dataclass(frozen=True, eq=False)
class FunctionRecord:
    """One version of one function. Never changed in place: a change makes another record.

    `created` is seconds since 1970. `code` is the hex SHA-256 of the package. `deployment` changes with every
    change of code or configuration, but not with RevisionId, which moves with the state too. `configuration`
    holds the members of AWS's FunctionConfiguration, all but FunctionArn. `layers` are the hex SHA-256 of the layers'
    packages in the order of the configuration: a layer version that is deleted lives on where it is used. `image` is
    the URI of a container image as it was sent, for a function that has one in the place of a package: then `code` is
    empty. Of $LATEST alone: `published` is the number of the version that was published last (0: none was), and
    `published_state` what was published then, to see whether there is anything new.
    """

    scope: Scope
    name: str
    version: str
    created: float
    code: str
    deployment: str
    configuration: dict[str, Any]
    layers: tuple[str, ...] = ()
    image: str = ""
    published: int = 0
    published_state: str = ""

    @property
    def packages(self) -> tuple[str, ...]:
        """Every package in the blob store that it needs."""
        return (self.code, *self.layers) if self.code else self.layers

    @property
    def revision(self) -> str:
        """RevisionId, the guard of every change."""
        return str(self.configuration["RevisionId"])

    @property
    def key(self) -> tuple[Scope, str, str]:
        """What finds it."""
        return (self.scope, self.name, self.version)

    @cached_property
    def running(self) -> FunctionVersion:
        """What an execution environment needs of it; made once."""
        said = self.configuration
        logging = said["LoggingConfig"]
        return FunctionVersion(
            scope=self.scope,
            name=self.name,
            version=self.version,
            runtime=said.get("Runtime", ""),
            handler=said.get("Handler", ""),
            code=self.code,
            layers=self.layers,
            image=self._image(),
            snap_start=said.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions",
            file_systems=tuple(
                FileSystem(one["Arn"], one["LocalMountPath"]) for one in said.get("FileSystemConfigs", ())
            ),
            role=said["Role"],
            revision_id=self.deployment,
            timeout=said["Timeout"],
            memory=said["MemorySize"],
            ephemeral_storage=said["EphemeralStorage"]["Size"],
            environment=said.get("Environment", {}).get("Variables", {}),
            log_group=logging["LogGroup"],
            log_format=logging["LogFormat"],
            application_log_level=logging.get("ApplicationLogLevel"),
            system_log_level=logging.get("SystemLogLevel"),
            traced=said.get("TracingConfig", {}).get("Mode") == "Active",
            runtime_version_arn=said.get("RuntimeVersionConfig", {}).get("RuntimeVersionArn", ""),
        )

    def _image(self) -> Image | None:
        if not self.image:
            return None
        config = self.configuration.get("ImageConfigResponse", {}).get("ImageConfig", {})
        return Image(
            uri=self.image,
            digest=self.configuration["CodeSha256"],
            entry_point=tuple(config.get("EntryPoint", ())),
            command=tuple(config.get("Command", ())),
            working_directory=config.get("WorkingDirectory", ""),
        )

    def dump(self) -> str:
        """The document that is stored beside the key."""
        said = {
            "code": self.code,
            "deployment": self.deployment,
            "configuration": self.configuration,
            "layers": self.layers,
        }
        rest = {member: getattr(self, member) for member in _SELDOM if getattr(self, member)}
        return orjson.dumps(said | rest).decode()

    @classmethod
    def load(cls, scope: Scope, name: str, version: str, created: float, document: str) -> "FunctionRecord":
        """The record of a stored row."""
        said = orjson.loads(document)
        layers = tuple(said.get("layers", ()))
        rest = {member: said[member] for member in _SELDOM if member in said}
        return cls(
            scope, name, version, created, said["code"], said["deployment"], said["configuration"], layers, **rest
        )
