"""How Node.js functions are started: their environment variables, the flags of `node`, AWS's runtime client.

The variables and their values are those recorded from AWS for nodejs16.x to nodejs24.x. The flags are those of
https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html#nodejs-experimental-features and of the runtimes'
own start script: a heap of 90 % of the function's memory, young generation spaces of 5 %, unless NODE_OPTIONS sets
either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lambent.model.function import FunctionVersion
from lambent.runtimes import trusted, variables
from lambent.runtimes.nodes import Node
from lambent.runtimes.place import TASK_ROOT, TELEMETRY_FD, Around, Folders
from lambent.runtimes.shell import bash_as_sh
from lambent.runtimes.variables import LANG_DIR, RUNTIME_DIR
from lambent.sandbox.spec import Bind, Level, ProcessSpec, ZygoteSpec

INSIDE_DIR = "/var/lambent"
CA_CERTIFICATES = f"{RUNTIME_DIR}/ca-cert.pem"
OWN_CA_BEFORE = 20
"""Below this major version AWS names a file of its own certificates."""

_INSIDE = Path(__file__).parent / "inside" / "node"

EXTRA, SEEN_EXTRA = "NODE_EXTRA_CA_CERTS", "_LAMBENT_EXTRA_CA_CERTS"
"""What `node` reads at its start, and what the function then sees (`start.mjs`)."""

_EXPERIMENTS = (("require-module", 20, 22), ("detect-module", 22, 22))
"""What Node.js has switched on and AWS switches off, in the major versions from … to …."""

_WRAP = """
wrapper="$AWS_LAMBDA_EXEC_WRAPPER"
if [ ! -f "$wrapper" ]; then echo "$wrapper: does not exist"; exit 127; fi
if [ ! -x "$wrapper" ]; then echo "$wrapper: is not an executable"; exit 126; fi
exec "$wrapper" "$@"
"""
"""AWS's contract with wrapper scripts
(https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper), with its texts and statuses."""


def zygote_spec(node: Node, runtime_dir: Path, sdk: Path, bare: ZygoteSpec, level: Level) -> ZygoteSpec:
    """`bare` with what is seen at /var/lang, /var/runtime and its node_modules, and /var/lambent."""
    if level is not Level.NAMESPACE:
        return bare
    language = Bind(node.path, f"{LANG_DIR}/bin/node") if node.prefix is None else Bind(node.prefix, LANG_DIR)
    return ZygoteSpec(
        interpreter=bare.interpreter,
        binds=(
            language,
            Bind(runtime_dir, RUNTIME_DIR),
            Bind(sdk / "node_modules", f"{RUNTIME_DIR}/node_modules"),
            Bind(_INSIDE, INSIDE_DIR),
            *bash_as_sh(),
        ),
        files=bare.files,
        programs=bare.programs,
    )


@dataclass(frozen=True, slots=True)
class NodePlace:
    """One Node.js runtime. `major` is the runtime's own version, which `node` differs from when it is mapped.

    With `inspect`, an address, `node` waits there for a debugger before it runs anything. `dial` are variables that
    tell the runtime of the platform's clock (see `told_time`); the function sees none of them.
    """

    major: str
    node: Node
    runtime_dir: Path
    sdk: Path
    zygote: ZygoteSpec
    level: Level
    forked: bool = False
    inspect: str = ""
    dial: tuple[tuple[str, str], ...] = ()

    @property
    def version(self) -> str:
        """AWS's versions of a runtime are not those of Node.js; its minor number stands for them."""
        major, minor, _ = self.node.version.split(".")
        return f"nodejs:{major}.v{minor}"

    def environment(self, function: FunctionVersion, around: Around) -> dict[str, str]:
        """As on AWS."""
        settable = {
            **variables.settable(around),
            "NODE_PATH": (
                f"/opt/nodejs/node{self.major}/node_modules:/opt/nodejs/node_modules:"
                f"{RUNTIME_DIR}/node_modules:{RUNTIME_DIR}:{TASK_ROOT}"
            ),
            "SHLVL": "0",
            "PWD": TASK_ROOT,
        }
        if int(self.major) < OWN_CA_BEFORE:
            settable[EXTRA] = CA_CERTIFICATES
        return {
            **settable,
            **function.environment,
            **variables.fixed(function, around),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
            "_LAMBDA_TELEMETRY_LOG_FD": str(TELEMETRY_FD),
            **dict(self.dial),
            **self._trusting(settable, function),
        }

    def _trusting(self, settable: Mapping[str, str], function: FunctionVersion) -> dict[str, str]:
        """`node` reads one file: who has set his own trusts that alone."""
        shown = any(path == trusted.FILE for path, _ in self.zygote.files)
        if not shown or EXTRA in function.environment:
            return {}
        return {EXTRA: trusted.FILE, SEEN_EXTRA: settable.get(EXTRA, "")}

    def process(self, environment: dict[str, str], folders: Folders, fds: dict[int, int]) -> ProcessSpec:
        """`node` with AWS's flags, behind the function's wrapper if it has one."""
        inside = self.level is Level.NAMESPACE
        seen = variables.as_seen(environment, folders)
        if not inside:
            seen = self._outside(seen, folders)
        program = f"{LANG_DIR}/bin/node" if inside else str(self.node.path)
        ours = INSIDE_DIR if inside else str(_INSIDE)
        # Not in NODE_OPTIONS, which processes that the function starts would inherit.
        inspector = (f"--inspect-brk={self.inspect}",) if self.inspect else ()
        told = ("--require", f"{ours}/told_time.cjs") if self.dial else ()  # not imported: worker threads need it, too
        argv = (program, *inspector, *flags(self.node.major, environment), *told, f"{ours}/start.mjs")
        if environment.get("AWS_LAMBDA_EXEC_WRAPPER"):
            argv = ("/bin/sh", "-c", _WRAP, "bootstrap", *argv)
        return ProcessSpec(environment=seen, argv=argv, cwd=folders.task_root, fds=fds)

    def _outside(self, seen: dict[str, str], folders: Folders) -> dict[str, str]:
        """Level PROCESS: the runtime's folders are where they are on this machine."""
        moved = {f"{RUNTIME_DIR}/node_modules": str(self.sdk / "node_modules"), RUNTIME_DIR: str(self.runtime_dir)}
        parts = [moved.get(part, part) for part in seen["NODE_PATH"].split(":")]
        searched = [folders.task_root if part == TASK_ROOT else part for part in parts]
        return {**seen, "LAMBDA_RUNTIME_DIR": str(self.runtime_dir), "NODE_PATH": ":".join(searched)}


def flags(major: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The flags that AWS starts `node` with."""
    options = environment.get("NODE_OPTIONS", "").replace("_", "-")
    chosen = ["--expose-gc", "--max-http-header-size=81920"]
    if "--max-semi-space-size" not in options and "--max-old-space-size" not in options:
        memory = int(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
        chosen += [f"--max-semi-space-size={memory * 5 // 100}", f"--max-old-space-size={memory * 90 // 100}"]
    for name, first, last in _EXPERIMENTS:
        if first <= int(major) <= last and f"--experimental-{name}" not in options:
            chosen.append(f"--no-experimental-{name}")
    return tuple(chosen)
