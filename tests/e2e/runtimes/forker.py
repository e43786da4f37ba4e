"""The smallest zygote: imports what it is told, forks once, calls the entry in the fork. Runs on any CPython.

Usage: python -I -S forker.py JSON, with {"paths", "preload", "environment", "entry", "cwd"}.
"""

import importlib
import json
import os
import sys

spec = json.loads(sys.argv[1])
sys.path[:0] = spec["paths"]
for name in spec["preload"]:
    try:
        importlib.import_module(name)
    except ImportError as missing:
        print("not preloaded:", name, missing, file=sys.stderr)

child = os.fork()
if child == 0:
    for name in list(os.environ):
        del os.environ[name]
    os.environ.update(spec["environment"])
    os.chdir(spec["cwd"])
    module, _, function = spec["entry"].partition(":")
    getattr(sys.modules[module], function)()
status = os.waitpid(child, 0)[1]
if os.WIFSIGNALED(status):
    os.kill(os.getpid(), os.WTERMSIG(status))
os._exit(os.WEXITSTATUS(status))
