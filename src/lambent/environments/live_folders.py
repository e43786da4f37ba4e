"""Functions that run from a folder of the host instead of their package: `lambent deploy --watch`.

A live folder holds for one revision of a function. Any later change of its code or configuration ends it, so a
folder never stands in for code that was deployed after it.
"""

from pathlib import Path

from lambent.model.function import FunctionVersion


class LiveFolders:
    """Which revisions run from which folder; forgotten with the server."""

    def __init__(self) -> None:
        self._folders: dict[str, Path] = {}

    def put(self, function: FunctionVersion, folder: Path) -> None:
        """Environments of this revision that start from now on see `folder` as /var/task."""
        self._folders[function.revision_id] = folder

    def drop(self, function: FunctionVersion) -> None:
        """This revision runs from its package again."""
        self._folders.pop(function.revision_id, None)

    def of(self, function: FunctionVersion) -> Path | None:
        """The folder that this revision runs from, if there is one. A dictionary look-up."""
        return self._folders.get(function.revision_id)
