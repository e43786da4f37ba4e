"""Service control policies from a file: what an organisation lets its accounts do at most.

The file is JSON: one policy, which stands beside FullAWSAccess as a list of what is denied does; or a list of levels
(root, unit, account), each a list of the policies that are attached there, one of which must allow.
Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

from pathlib import Path
from typing import Any

import orjson

from lambent.engine.authorisation import checking, document
from lambent.engine.authorisation.document import Policy

Levels = tuple[tuple[Policy, ...], ...]
FULL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def read(path: Path) -> Levels:
    """Raises ValueError for what can't be read or is no policy."""
    try:
        said = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    levels = [[FULL, said]] if isinstance(said, dict) else said
    if not isinstance(levels, list) or not (all(isinstance(level, list) and level for level in levels)):
        raise ValueError(f"{path}: a policy, or a list of levels that are lists of policies, is needed")
    return tuple(tuple(_policy(path, place, one) for place, one in enumerate(level, 1)) for level in levels)


def _policy(path: Path, place: int, said: Any) -> Policy:
    wrong = checking.wrong(orjson.dumps(said).decode())
    if wrong:
        raise ValueError(f"{path}: {wrong}")
    return document.read(f"service control policy {place} of {path.name}", said)
