"""Imported first of all in a zygote whose sandboxes have their Runtime API at 127.0.0.1:9001.

AWS's `runtime_client` extension notes AWS_LAMBDA_RUNTIME_API when it is loaded. Where every fork will
have the same address, the zygote can load it for all of them. Imported for this effect.
"""

import os

import lambent_bootstrap  # type: ignore[import-not-found]

os.environ["AWS_LAMBDA_RUNTIME_API"] = lambent_bootstrap.loaded_for = "127.0.0.1:9001"
try:
    import runtime_client  # type: ignore[import-not-found]  # noqa: F401
finally:
    del os.environ["AWS_LAMBDA_RUNTIME_API"]
