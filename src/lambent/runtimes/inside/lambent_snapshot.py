"""SnapStart: AWS's own runtime client initialises the function once, and many environments go on from there.

`initialise` runs in a snapshot (a confined zygote); the client calls `restore_next` when everything is initialised and
the before-snapshot hooks have run. That call returns in each environment that is forked later, and the client goes on
with its after-restore hooks: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from typing import Any, NoReturn, Protocol

import lambent_bootstrap as bootstrap  # type: ignore[import-not-found]


class Checkpoint(Protocol):
    """Given by the snapshot. Calling it returns in each environment; the others end the process."""

    def __call__(self) -> None: ...

    def unfit(self, reason: str) -> NoReturn: ...

    def failed(self, kind: str, payload: str) -> NoReturn: ...


def initialise(checkpoint: Checkpoint) -> NoReturn:
    """Entry of a snapshot. The environment is the process's own; never returns."""
    bootstrap._settle_runtime_dir()
    if os.environ.get("AWS_LAMBDA_EXEC_WRAPPER"):
        checkpoint.unfit("AWS_LAMBDA_EXEC_WRAPPER starts the runtime anew")
    if bootstrap._needs_start():
        checkpoint.unfit("a variable or a library in lib/ is heeded by a newly started interpreter only")
    bootstrap.settle()
    _teach(checkpoint)
    bootstrap._leave(bootstrap.serve)
    raise AssertionError("_leave ends the process")


def restored() -> None:
    """Entry of each environment: what depends on its own variables, before the client goes on."""
    bootstrap.take_dial()  # the snapshot goes by it already
    time.tzset()


def _teach(checkpoint: Checkpoint) -> None:
    """The client's calls that would go to the Runtime API of an environment, while there is none yet."""
    import awslambdaric.lambda_runtime_client as client

    for kind in [value for value in vars(client).values() if isinstance(value, type)]:
        if "restore_next" in vars(kind):
            kind.restore_next = lambda self: _restore_next(checkpoint)  # type: ignore[attr-defined]
        if "post_init_error" in vars(kind):
            kind.post_init_error = (  # type: ignore[attr-defined]
                lambda self, data, error_type=None: _fail(checkpoint, data, error_type)
            )


def _fail(checkpoint: Checkpoint, data: dict[str, Any], error_type: str | None) -> NoReturn:
    """What the client would have posted to /runtime/init/error."""
    kind = error_type or f"Runtime.{data.get('errorType', 'Unknown')}"
    sys.stdout.flush()
    sys.stderr.flush()
    checkpoint.failed(kind, json.dumps(data))


def _restore_next(checkpoint: Checkpoint) -> None:
    held = _refreshable_credentials()
    checkpoint()
    for credentials in held:
        credentials._expiry_time = credentials._time_fetcher()


def _refreshable_credentials() -> list[Any]:
    """What the SDK has cached of the role's credentials: each environment gets its own on the next use."""
    return [thing for thing in gc.get_objects() if type(thing).__name__ in _REFRESHABLE and _is_refreshable(thing)]


_REFRESHABLE = ("RefreshableCredentials", "DeferredRefreshableCredentials")


def _is_refreshable(thing: Any) -> bool:
    return getattr(thing, "_expiry_time", None) is not None and callable(getattr(thing, "_time_fetcher", None))
