"""Which environments may stand for one another."""

from lambent.model.function import FunctionVersion

Key = tuple[str, str]


def key_of(function: FunctionVersion) -> Key:
    """Environments are shared by nothing but the same revision (a UUID) of the same version."""
    return (function.revision_id, function.version)
