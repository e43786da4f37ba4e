"""An application: one stack's template with where it came from and what is given for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambent.cli.errors import USAGE, CliError
from lambent.deploy.errors import DeployError
from lambent.deploy.template import reading


@dataclass(frozen=True, slots=True)
class Upload:
    """What has to lie in a bucket before the template is deployed: a file or folder; a folder is zipped."""

    path: Path
    bucket: str
    key: str
    zipped: bool


@dataclass(frozen=True, slots=True)
class App:
    """A stack to be. Paths in `template` are relative to `folder`; `watched` are files whose change makes another
    template; `code` is the folder of a function (by logical id) where the template itself does not say it."""

    name: str
    template: dict[str, Any]
    folder: Path
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    uploads: tuple[Upload, ...] = ()
    watched: tuple[Path, ...] = ()
    code: Mapping[str, Path] = field(default_factory=dict)


def read_document(path: Path, aliases: bool = False) -> dict[str, Any]:
    """A template's or a service's document, functions in their full form. Raises CliError."""
    try:
        return reading.read(path.read_text("utf-8"), aliases)
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CliError(f"{path}: this is no text", USAGE) from None
    except DeployError as error:
        raise CliError(f"{path}: {error}", USAGE) from None
