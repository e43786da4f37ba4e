"""Secrets: the version that AWSCURRENT was moved to is the one that is read by default.

Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html (VersionStage)
"""

from collections.abc import Callable
from typing import Any

from lambent.neighbour.bridges.handing import Gateway


def move_stage(_gateway: Gateway, former: Callable[..., Any]) -> Callable[..., Any]:
    """Around moto's, which goes on reading the version before."""

    def move(
        backend: Any, secret_id: str, version_stage: str, remove_from_version_id: str, move_to_version_id: str
    ) -> Any:
        said = former(backend, secret_id, version_stage, remove_from_version_id, move_to_version_id)
        if version_stage == "AWSCURRENT" and move_to_version_id:
            backend.secrets[secret_id].set_default_version_id(move_to_version_id)
        return said

    return move
