"""Imported first in a zygote: AWS's runtime client, without the connection that it makes once per process.

`awslambdaric.lambda_runtime_client` makes its one client when it is imported; in a zygote that would be
too early. So `initialize_client` only notes its arguments meanwhile, and so do the environment variables
that are read: from them `lambent_bootstrap` knows whether a fork can use the imported modules or must
import them again. Unless `lambent_loopback` has loaded the extension, a stand-in is used: the real one is
the fork's to load.
"""

import os
import sys
import types

import lambent_bootstrap  # type: ignore[import-not-found]

_client = sys.modules.get("runtime_client")
_held = _client or types.ModuleType("runtime_client")
_initialize = getattr(_held, "initialize_client", None)
_environ_class = type(os.environ)


class _Watched(_environ_class):  # type: ignore[valid-type,misc]
    """os.environ, noting what is asked for."""

    def __getitem__(self, name: str) -> str:
        lambent_bootstrap.client_reads.setdefault(name, None)
        value: str = super().__getitem__(name)
        lambent_bootstrap.client_reads[name] = value
        return value


def _remember(*arguments: object) -> None:
    lambent_bootstrap.client_arguments.append(arguments)


_held.initialize_client = _remember  # type: ignore[attr-defined]
sys.modules["runtime_client"] = _held
os.environ["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + lambent_bootstrap.PYTHON
os.environ.__class__ = _Watched
try:
    import awslambdaric.__main__
    import awslambdaric.bootstrap
    import awslambdaric.lambda_literals
    import awslambdaric.lambda_runtime_client
finally:
    os.environ.__class__ = _environ_class
    del os.environ["AWS_EXECUTION_ENV"]
    if _client is None:
        del sys.modules["runtime_client"]
    else:
        _held.initialize_client = _initialize  # type: ignore[attr-defined]

_note = os.path.dirname(os.path.dirname(awslambdaric.__file__)) + ".modules"
if os.path.exists(_note):
    with open(_note) as _file:
        lambent_bootstrap.started_with = set(_file.read().split())
else:
    lambent_bootstrap.started_with = {name.partition(".")[0] for name in sys.modules}
