"""How functions from container images are started: what the image says, and what ImageConfig says instead.

https://docs.aws.amazon.com/lambda/latest/dg/images-create.html. The image is the whole file system, read-only but
for /tmp; its USER is not heeded, as on AWS: a function runs as the sandbox's user.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lambent.model.function import FunctionVersion
from lambent.runtimes import variables
from lambent.runtimes.place import TASK_ROOT, Around, Folders, InvalidEntrypoint
from lambent.runtimes.provided import why_not
from lambent.sandbox.spec import ProcessSpec, ZygoteSpec

PATH = "/usr/local/bin:/usr/bin/:/bin:/opt/bin"
BOOTSTRAPS = ("/var/runtime/bootstrap", "/var/task/bootstrap", "/opt/bootstrap")
"""What is started when neither the image nor ImageConfig says."""
INVALID_WORKING_DIRECTORY = "Runtime.InvalidWorkingDir"


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """One container image, with one function's overrides.

    `find(path)` answers where a path of the image is on this machine, links followed inside the image.
    """

    root: Path
    find: Callable[[str], Path]
    entry_point: tuple[str, ...]
    command: tuple[str, ...]
    working_directory: str
    variables: Mapping[str, str]
    zygote: ZygoteSpec
    forked: bool = False
    version: str = ""

    def environment(self, function: FunctionVersion, around: Around) -> dict[str, str]:
        """The image's variables give way to the function's, and these to those that AWS reserves."""
        settable = {**variables.settable(around), "PATH": PATH, "LD_LIBRARY_PATH": variables.SEARCHED}
        fixed = variables.fixed(function, around)
        del fixed["_HANDLER"]  # there is none: the image's command says what is run
        return {**settable, **self.variables, **function.environment, **fixed}

    def process(self, environment: dict[str, str], folders: Folders, fds: dict[int, int]) -> ProcessSpec:
        """ENTRYPOINT and CMD, each replaced by the function's own if it has one. Raises InvalidEntrypoint."""
        where = self.working_directory or (TASK_ROOT if self.find(TASK_ROOT).is_dir() else "/")
        if not self.find(where).is_dir():
            raise InvalidEntrypoint(f"chdir {where}: no such file or directory", INVALID_WORKING_DIRECTORY)
        argv = (*self.entry_point, *self.command) or self._bootstrap()
        self._check(argv[0], where, environment.get("PATH", ""))
        kept = {number: fd for number, fd in fds.items() if number in (1, 2)}
        return ProcessSpec(environment={**environment, "PWD": where}, argv=argv, cwd=where, fds=kept)

    def _bootstrap(self) -> tuple[str, ...]:
        for path in BOOTSTRAPS:
            if self.find(path).is_file():
                return (path,)
        raise InvalidEntrypoint(f"Couldn't find valid bootstrap(s): [{' '.join(BOOTSTRAPS)}]")

    def _check(self, program: str, where: str, path: str) -> None:
        """AWS's texts for a program that is not there, or may not be executed."""
        if "/" not in program:
            places = [self.find(f"{folder or where}/{program}") for folder in path.split(":")]
            if not any(place.is_file() and place.stat().st_mode & 0o111 for place in places):
                raise InvalidEntrypoint(f'exec: "{program}": executable file not found in $PATH')
            return
        file = self.find(str(PurePosixPath(where) / program))
        if not file.exists():
            raise InvalidEntrypoint(f"fork/exec {program}: no such file or directory")
        reason = why_not(file, lambda interpreter: self.find(interpreter).exists())
        if reason:
            raise InvalidEntrypoint(f"fork/exec {program}: {reason}")
