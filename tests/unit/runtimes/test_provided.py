"""OS-only runtimes: their variables and their bootstrap."""

import shutil
import sys
from pathlib import Path

import pytest

from lambent.runtimes.place import Folders, InvalidEntrypoint
from lambent.runtimes.provided import ProvidedPlace, bare_zygote
from lambent.runtimes.shell import bash_as_sh
from lambent.sandbox.spec import Level
from tests.unit.runtimes.recorded import AROUND, VARIABLES, function

RECORDED_AL2023 = VARIABLES | {"_HANDLER": "function.handler"}
OURS = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}


def place(identifier: str = "provided.al2023") -> ProvidedPlace:
    return ProvidedPlace(identifier, bare_zygote(Level.PROCESS))


def environment(identifier: str) -> dict[str, str]:
    return place(identifier).environment(function(identifier, "function.handler"), AROUND)


def test_the_environment_is_that_of_aws() -> None:
    assert environment("provided.al2023") == RECORDED_AL2023 | OURS


def test_amazon_linux_2_has_no_language_folder_on_its_paths() -> None:
    differs = {
        "LD_LIBRARY_PATH": "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    }
    assert environment("provided.al2") == RECORDED_AL2023 | OURS | differs


def bootstrap(folder: Path, text: str = "#!/bin/sh\n", mode: int = 0o755) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "bootstrap"
    file.write_text(text)
    file.chmod(mode)
    return folder


def test_the_package_comes_before_the_layers(tmp_path: Path) -> None:
    code, opt = bootstrap(tmp_path / "code"), bootstrap(tmp_path / "opt")
    spec = place().process({}, Folders(code, opt), {1: 7, 2: 8, 3: 9})
    assert (spec.argv, spec.cwd, spec.fds) == (("/var/task/bootstrap",), "/var/task", {1: 7, 2: 8})
    (code / "bootstrap").unlink()
    assert place().process({}, Folders(code, opt), {}).argv == ("/opt/bootstrap",)


def test_without_a_bootstrap(tmp_path: Path) -> None:
    with pytest.raises(InvalidEntrypoint) as failed:
        place().process({}, Folders(tmp_path), {})
    assert str(failed.value) == "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ("#!/bin/sh\n", 0o644, "fork/exec /var/task/bootstrap: permission denied"),
        ("echo no shebang\n", 0o755, "fork/exec /var/task/bootstrap: exec format error"),
        ("\x7fELF" + "\0" * 16, 0o755, "fork/exec /var/task/bootstrap: exec format error"),
        ("#!/bin/sh\r\necho\r\n", 0o755, "fork/exec /var/task/bootstrap: no such file or directory"),
        ("#!/opt/none -x\n", 0o755, "fork/exec /var/task/bootstrap: no such file or directory"),
        ("", 0o755, "fork/exec /var/task/bootstrap: exec format error"),
    ],
)
def test_a_bootstrap_that_cannot_be_executed(tmp_path: Path, text: str, mode: int, reason: str) -> None:
    with pytest.raises(InvalidEntrypoint) as failed:
        place().process({}, Folders(bootstrap(tmp_path / "code", text, mode)), {})
    assert str(failed.value) == reason


def test_a_program_for_this_machine(tmp_path: Path) -> None:
    shutil.copy(Path(sys.executable).resolve(), tmp_path / "bootstrap")
    assert place().process({}, Folders(tmp_path), {}).argv == ("/var/task/bootstrap",)


def test_where_the_folders_are_elsewhere_the_paths_say_so(tmp_path: Path) -> None:
    code, opt = bootstrap(tmp_path / "code"), tmp_path / "merged"
    folders = Folders(code, opt, str(code), str(opt))
    given = {"PATH": "/bin:/opt/bin", "LD_LIBRARY_PATH": "/opt/lib:/optional", "AWS_LAMBDA_EXEC_WRAPPER": "/opt/w"}
    spec = place().process(given, folders, {})
    assert spec.argv == (f"{code}/bootstrap",)
    assert spec.environment == {
        "PATH": f"/bin:{opt}/bin",
        "LD_LIBRARY_PATH": f"{opt}/lib:/optional",
        "AWS_LAMBDA_EXEC_WRAPPER": f"{opt}/w",
        "LAMBDA_TASK_ROOT": str(code),
        "LAMBENT_OPT": str(opt),
    }


def test_bash_stands_for_sh(tmp_path: Path) -> None:
    (tmp_path / "bash").touch()
    (tmp_path / "dash").touch()
    (tmp_path / "sh").symlink_to("dash")
    assert [bind.inside for bind in bash_as_sh(tmp_path / "sh", (str(tmp_path),))] == [str(tmp_path / "dash")]
    (tmp_path / "sh").unlink()
    (tmp_path / "sh").symlink_to("bash")
    assert bash_as_sh(tmp_path / "sh", (str(tmp_path),)) == ()
    assert bash_as_sh(tmp_path / "sh", ()) == ()
