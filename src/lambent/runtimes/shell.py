"""/bin/sh as on AWS, where it is bash: scripts may use what other shells lack."""

from pathlib import Path

from lambent.sandbox.spec import Bind


def bash_as_sh(shell: Path = Path("/bin/sh"), folders: tuple[str, ...] = ("/bin", "/usr/bin")) -> tuple[Bind, ...]:
    """This machine's bash in the place of its /bin/sh; nothing if it is bash already, or if there is none."""
    bash = next((Path(folder, "bash") for folder in folders if Path(folder, "bash").is_file()), None)
    if bash is None or not shell.exists() or bash.resolve() == shell.resolve():
        return ()
    return (Bind(bash.resolve(), str(shell.resolve())),)
