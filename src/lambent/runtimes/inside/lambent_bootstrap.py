"""What runs first in a Python execution environment: makes a forked interpreter look freshly started,
then calls AWS's own runtime client.

Runs inside the sandbox on any CPython from 3.8, with the standard library and awslambdaric alone. It
stands for AWS's /var/runtime/bootstrap and bootstrap.py: same search path, same wrapper contract
(https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper).

`main` is called in a fork of a zygote that has imported much already. What can't be made right in a fork
(settings that an interpreter or the dynamic loader reads at its start only) is left to a real start:
`main` executes this file as a script.
"""

from __future__ import annotations

import os
import sys
import time
import types

TYPE_CHECKING = False  # typing is none of the modules that AWS's bootstrap imports
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, NoReturn

LANG = "/var/lang"
RUNTIME = "/var/runtime"
INSIDE = "/var/lambent"
"""Where the sandbox shows the interpreter, the runtime client and this file's folder."""
TRUST = "/var/lambent-trust"
"""Where the sandbox shows the certificate authority of its endpoint, as OpenSSL looks for one."""
HOME = "/home/sbx_user1051"
"""The home folder on AWS, which does not exist there either."""

PYTHON = "python%d.%d" % sys.version_info[:2]
HERE = os.path.dirname(os.path.abspath(__file__))

STANDARD_LD_PATH = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
IN_FORK = frozenset(("PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"))
"""PYTHON* variables that a fork can honour; for any other one the interpreter is started anew."""
OURS_ALONE = ("isolated", "no_site", "ignore_environment", "no_user_site", "safe_path")
"""Flags of our own starts that AWS's have not."""
COERCED = "C.UTF-8"
"""What Python sets LC_CTYPE to on Amazon Linux 2023, where the locale of LANG is not installed (PEP 538)."""
LOADER = ("LD_PRELOAD", "LD_AUDIT", "LD_DEBUG", "GLIBC_TUNABLES")

started_with: set[str] = {name.partition(".")[0] for name in sys.modules}
"""Top-level modules that a function's own do not replace: what AWS's bootstrap has imported before it puts the
function's folders on the search path. In a zygote `lambent_client` reads it from a note."""
loaded_for = ""
"""The Runtime API address that the extension of the runtime client was loaded for; empty when it was not."""
client_arguments: list[tuple[object, ...]] = []
"""What awslambdaric would have made its client with when the zygote imported it."""
client_reads: dict[str, str | None] = {}
"""The environment variables that awslambdaric read when the zygote imported it, and what it found."""
started_by: list[types.ModuleType] = []
"""The zygote's own __main__: kept, because it may still be running."""
moves: list[tuple[str, str]] = []
"""(folder of the host, the same folder inside) once `lambent_relocated` was imported."""


def main() -> NoReturn:
    """Entry of a fork. The environment is the process's own; never returns."""
    _settle_runtime_dir()
    wrapper = os.environ.get("AWS_LAMBDA_EXEC_WRAPPER")
    if (wrapper or _needs_start()) and os.environ.get("LC_CTYPE") == COERCED:
        del os.environ["LC_CTYPE"]
    if wrapper:
        _exec_wrapper(wrapper)
    if _needs_start():
        python = _python()
        os.execv(python, [python, "-S", _script()])
    _leave(run)


def start() -> None:
    """What a newly started interpreter does: imports what AWS's bootstrap.py imports, in its place, and then runs."""
    sys.path[0] = os.environ["LAMBDA_RUNTIME_DIR"]
    _do_as_site_does()
    import json  # noqa: F401
    import logging  # noqa: F401
    import traceback  # noqa: F401
    import warnings  # noqa: F401

    import awslambdaric.__main__  # noqa: F401

    started_with.update(name.partition(".")[0] for name in sys.modules)
    if sys.version_info >= (3, 12):
        os.environ.setdefault("LC_CTYPE", COERCED)
    run()


def _do_as_site_does() -> None:
    """But for the host's .pth files, which may import anything. A wrapper starts the interpreter with them: if they
    have, it is started once more."""
    files = [str(getattr(one, "__file__", "")) for one in list(sys.modules.values())]
    if not sys.flags.no_site and any("/site-packages/" in file or "/dist-packages/" in file for file in files):
        given = getattr(sys, "orig_argv", [sys.executable, _script()])
        os.execv(sys.executable, [sys.executable, "-S", *given[1:]])
    import site

    site.setquit()
    site.setcopyright()
    site.sethelper()


def run() -> None:
    """Set the interpreter up as AWS does and serve invocations until the process ends."""
    settle()
    _wait_for_debugger()
    serve()


def settle() -> None:
    """Set the interpreter up as AWS does."""
    _settle_interpreter()
    if os.environ.get("PYTHONDONTWRITEBYTECODE") or not _inside():
        sys.dont_write_bytecode = True
    time.tzset()
    _settle_trust()
    _set_search_path()
    _settle_client()
    _settle_time()
    _settle_heap()


def _settle_trust() -> None:
    """OpenSSL finds the endpoint's authority beside those of this machine. The function does not see the variable;
    what it sets itself counts. Libraries with a bundle of their own (botocore, requests) trust it with that."""
    if not os.path.isdir(TRUST):
        return
    import _ssl  # ssl is none of the modules that AWS's bootstrap imports

    if not os.environ.get("SSL_CERT_DIR"):
        os.putenv("SSL_CERT_DIR", _ssl.get_default_verify_paths()[3] + ":" + TRUST)
    context: Any = sys.modules["ssl"].SSLContext if "ssl" in sys.modules else None
    if context is None:  # what ssl will make its own of when it is imported
        context = type("_SSLContext", (_ssl._SSLContext,), {"__module__": "_ssl"})
        setattr(_ssl, "_SSLContext", context)  # noqa: B010  (typing knows it as a class)
    _trust_with_bundles(context)


def _trust_with_bundles(context: Any) -> None:
    """Whoever loads a file of authorities loads the endpoint's as well."""
    load = context.load_verify_locations

    def load_verify_locations(self: Any, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        load(self, cafile, capath, cadata)
        if cafile is not None:
            load(self, None, TRUST)

    load_verify_locations.__doc__ = load.__doc__
    context.load_verify_locations = load_verify_locations


def serve() -> None:
    """Hand over to AWS's runtime client."""
    from awslambdaric.__main__ import main as serve

    serve([os.environ["LAMBDA_TASK_ROOT"], os.environ["_HANDLER"]])


def _wait_for_debugger() -> None:
    """With LAMBENT_DEBUG_PORT: until a debugger has attached there. debugpy is in the folder LAMBENT_DEBUGPY.

    The function sees no variable of it, and imports what it would without it: that folder is on no search path.
    """
    port, folder = os.environ.pop("LAMBENT_DEBUG_PORT", ""), os.environ.pop("LAMBENT_DEBUGPY", "")
    if not port:
        return
    before = set(os.environ)
    # Else it warns, in the function's log, that the standard library's frozen modules can't be stepped into.
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    sys.path.insert(0, folder)
    import debugpy

    sys.path.remove(folder)
    debugpy.listen(("127.0.0.1", int(port)))
    for name in set(os.environ) - before:
        del os.environ[name]
    debugpy.wait_for_client()


def take_dial() -> tuple[str, str]:
    """Where the clock's dial is and the folder of time-machine, empty when the time is the machine's; the function
    sees neither variable."""
    return os.environ.pop("_LAMBENT_DIAL", ""), os.environ.pop("_LAMBENT_TIME_MACHINE", "")


def _settle_time() -> None:
    """With a dial: the function's wall clock is the platform's.

    A deadline is real time: what is left of it AWS's client reads from the machine's clock.
    """
    dial, folder = take_dial()
    if not dial:
        return
    sys.path.insert(0, HERE)
    import lambent_time  # type: ignore[import-not-found]

    sys.path.remove(HERE)
    import awslambdaric.lambda_context

    awslambdaric.lambda_context.time = lambent_time.tell(dial, folder)


def _settle_heap() -> None:
    """With LAMBENT_WATCH_HEAP: what grows in the function's modules is told in its log. It does not see that."""
    if not os.environ.pop("LAMBENT_WATCH_HEAP", ""):
        return
    sys.path.insert(0, HERE)
    import lambent_heap  # type: ignore[import-not-found]

    sys.path.remove(HERE)
    lambent_heap.watch(os.environ["LAMBDA_TASK_ROOT"])


def _settle_client() -> None:
    """Make the zygote's awslambdaric that of this process, or forget it so that it is imported anew.

    It serves as it is when its extension is loaded and every variable that it read at import has the same
    value now.
    """
    if not client_reads:  # a new start has imported it for itself
        return
    same = all(os.environ.get(name) == value for name, value in client_reads.items())
    if loaded_for and client_arguments and same:
        client = sys.modules.get("runtime_client")
        if client is not None and "awslambdaric.lambda_runtime_client" in sys.modules:
            client.initialize_client(*client_arguments[0])
            return
    for name in [name for name in sys.modules if name.partition(".")[0] == "awslambdaric"]:
        del sys.modules[name]


def _settle_interpreter() -> None:
    """What `sys` tells of how the process was started, as if /var/runtime/bootstrap.py had been."""
    bootstrap = os.environ["LAMBDA_RUNTIME_DIR"] + "/bootstrap.py"
    if moves:
        sys.prefix = sys.base_prefix = sys.exec_prefix = sys.base_exec_prefix = LANG
        sys.executable = sys._base_executable = _python()  # type: ignore[attr-defined]
        if hasattr(sys, "_stdlib_dir"):
            sys._stdlib_dir = LANG + "/lib/" + PYTHON
    sys.flags = _flags()
    sys.argv = [bootstrap]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = [sys.executable, bootstrap]
    main_module = types.ModuleType("__main__")
    main_module.__file__ = bootstrap
    started_by.append(sys.modules["__main__"])
    sys.modules["__main__"] = main_module
    if "__mp_main__" in sys.modules:
        sys.modules["__mp_main__"] = main_module


def _flags() -> Any:
    """`sys.flags` of an interpreter that was started without options, as on AWS: a zygote has some, and a new start
    of ours one. No object of their own type can be made; this one looks and behaves like it."""
    shown = [part.partition("=")[0].strip() for part in repr(sys.flags)[len("sys.flags(") : -1].split(",")]
    values = {name: getattr(sys.flags, name) for name in dir(sys.flags) if not name.startswith("__")}
    for name in OURS_ALONE if client_reads else ("no_site",):
        if name in values:
            values[name] = type(values[name])(0)
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        values["dont_write_bytecode"] = 1
    text = "sys.flags(%s)" % ", ".join("%s=%r" % (name, values[name]) for name in shown)
    members = {**values, "__module__": "sys", "__slots__": (), "__repr__": lambda self: text}
    return type("flags", (tuple,), members)(values[name] for name in shown)


# --- a real start


def _needs_start() -> bool:
    """Whether something is set that only a newly started process heeds."""
    if loaded_for and os.environ["AWS_LAMBDA_RUNTIME_API"] != loaded_for:
        return True
    for name in os.environ:
        if name.startswith("PYTHON") and name not in IN_FORK:
            return True
        if name in LOADER or name.startswith("MALLOC_"):
            return True
    if _inside() and os.environ.get("LD_LIBRARY_PATH", STANDARD_LD_PATH) != STANDARD_LD_PATH:
        return True
    folders = [os.environ["LAMBDA_TASK_ROOT"] + "/lib"]
    if _inside():
        folders.append("/opt/lib")
    return any(".so" in name for folder in folders for name in _names(folder))


def _exec_wrapper(wrapper: str) -> NoReturn:
    """Hand the start over to the function's wrapper, as AWS's bootstrap does; its texts and exit codes."""
    if not os.path.isfile(wrapper):
        _exit(127, wrapper + ": does not exist")
    if not os.access(wrapper, os.X_OK):
        _exit(126, wrapper + ": is not an executable")
    try:
        os.execv(wrapper, [wrapper, _python(), _script()])
    except OSError as failed:
        _exit(126, "%s: %s" % (wrapper, failed.strerror))


def _exit(code: int, text: str) -> NoReturn:
    os.write(1, (text + "\n").encode())
    os._exit(code)


def _inside() -> bool:
    """Whether the folders of AWS are there, and not only the host's."""
    return bool(moves) or HERE == INSIDE


def _python() -> str:
    return LANG + "/bin/" + PYTHON if _inside() else sys.executable


def _script() -> str:
    return (INSIDE if _inside() else HERE) + "/lambent_bootstrap.py"


def _settle_runtime_dir() -> None:
    """LAMBDA_RUNTIME_DIR is where the runtime client really is: at level process that is a folder of the
    host."""
    if moves:
        if not os.path.isdir(RUNTIME):
            _exit(70, "lambent: a zygote made for level namespace was used where %s is missing" % RUNTIME)
        return
    import awslambdaric

    client = os.path.dirname(os.path.dirname(os.path.abspath(awslambdaric.__file__)))
    if os.environ.get("PYTHONPATH") == os.environ.get("LAMBDA_RUNTIME_DIR"):
        os.environ["PYTHONPATH"] = client
    os.environ["LAMBDA_RUNTIME_DIR"] = client


# --- sys.path and sys.modules


def _set_search_path() -> None:
    """AWS's search path; then forget what was imported ahead and would now be found elsewhere."""
    task, runtime = os.environ["LAMBDA_TASK_ROOT"], os.environ["LAMBDA_RUNTIME_DIR"]
    opt = os.environ.pop("LAMBENT_OPT", "/opt" if _inside() else "")
    own = [task]
    if opt:
        own += [opt + "/python/lib/" + PYTHON + "/site-packages", opt + "/python"]
    asked = [part for part in os.environ.get("PYTHONPATH", runtime).split(":") if part]
    if asked == [runtime]:
        first, sys.path[:] = own, [*own, runtime, *_standard()]
    else:
        first = [part for part in asked if part != runtime]
        sys.path[:] = _unique([runtime, *asked, *_standard(), *own])
    found = {folder: _names(folder) for folder in _unique([*own, *first])}
    _forget(name for folder in first for name in _modules(folder, found[folder]))
    for folder in own:
        if any(name.endswith(".pth") for name in found[folder]):
            import site

            site.addsitedir(folder)


def _standard() -> list[str]:
    """The standard library's own part of the search path; never the host's site-packages."""
    lib = "%s/%s/" % (LANG if _inside() else sys.base_prefix, getattr(sys, "platlibdir", "lib"))
    return [lib + PYTHON.replace(".", "") + ".zip", lib + PYTHON, lib + PYTHON + "/lib-dynload"]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _modules(folder: str, names: Iterable[str]) -> Iterable[str]:
    """The top-level modules and packages in `folder`. One without __init__ hides nothing that is found
    later."""
    for name in names:
        stem, dot, ending = name.partition(".")
        if not dot:
            if any(inner.startswith("__init__.") for inner in _names(folder + "/" + name)):
                yield name
        elif ending in ("py", "pyc", "so") or ending.endswith(".so"):
            yield stem


def _forget(names: Iterable[str]) -> None:
    """Drop modules imported ahead that the function brings itself, and everything that may hold on to them.

    What AWS's bootstrap has imported as well stays, as it does there.
    """
    fixed = started_with.union(sys.builtin_module_names, _LOADED_FIRST)
    gone = {name for name in names if name in sys.modules and name not in fixed}
    if not gone:
        return
    ours = {name.partition(".")[0] for name in _names(os.environ["LAMBDA_RUNTIME_DIR"])} - fixed
    if gone - ours:  # anything may have imported a part of the standard library
        gone |= {name.partition(".")[0] for name in sys.modules if not _is_compiled(name)} - fixed
    else:
        gone |= ours
    for name in [name for name in sys.modules if name.partition(".")[0] in gone]:
        del sys.modules[name]


_LOADED_FIRST = (
    "__main__", "__mp_main__", "lambent_bootstrap", "lambent_client", "lambent_loopback", "lambent_relocated",
    "lambent_snapshot", "lambent_time",
)  # fmt: skip


def _is_compiled(name: str) -> bool:
    """Extension modules are not to be initialised twice, and hold on to no other's code."""
    origin = getattr(getattr(sys.modules[name], "__spec__", None), "origin", None) or ""
    return origin == "built-in" or origin.endswith(".so")


def _unique(parts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(parts))


# --- the end


def _leave(call: Callable[[], None]) -> NoReturn:
    """Call, then end the process as an interpreter ends: threads joined, exit functions run, output flushed."""
    code = 0
    try:
        call()
    except SystemExit as exit:
        code = _exit_code(exit.code)
    except BaseException as error:
        _report(error)
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
    try:
        _finalize()
    finally:
        if code == 130:
            _interrupt()
        os._exit(code)


def _report(error: BaseException) -> None:
    """As the interpreter would, without our own frames. A client that the platform has hung up on is about to be
    killed, and on AWS has no time to complain."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == _report.__code__.co_filename:
        trace = trace.tb_next
    inner = trace
    while inner is not None:
        if inner.tb_frame.f_code.co_filename.endswith("awslambdaric/lambda_runtime_client.py"):
            return
        inner = inner.tb_next
    sys.excepthook(type(error), error, trace)


def _finalize() -> None:
    import atexit
    import threading

    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()


def _interrupt() -> None:
    """An interpreter that KeyboardInterrupt ends is ended by SIGINT; process 1 survives it and exits instead."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


def _exit_code(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    _leave(start)
