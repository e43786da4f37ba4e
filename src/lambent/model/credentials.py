"""Temporary credentials of an execution role."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the SDK inside an environment signs with."""

    access_key: str
    secret_key: str
    session_token: str
