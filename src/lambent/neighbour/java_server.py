"""The process that runs DynamoDB Local, a program of its own: `dynamodb_local` starts it.

DynamoDB Local listens on every address of its machine, asks nobody who they are, and lets every page of the web in: so
it gets a network of its own with nothing in it but itself. What comes on the listening socket whose descriptor is the
first argument is passed on to it there. Both end with their parent.
"""

import asyncio
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from lambent.neighbour.moto_server import PR_SET_PDEATHSIG, READY, end_with

PORT = 8000
NOBODY = "https://nobody.invalid"
"""The only origin whose pages it answers."""
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
START_SECONDS, LOOK_SECONDS = 60.0, 0.05
PIECE = 1 << 16


def main(argv: list[str]) -> int:
    """`argv`: the descriptor, the parent's process id, the Java program, the jar, and the folder of the tables.

    The exit status is DynamoDB Local's.
    """
    _apart()
    told = sys.stderr.fileno()  # what it says; on the standard output the parent waits for a word of ours
    java = subprocess.Popen(command(*argv[2:5]), stdout=told, cwd=argv[4], preexec_fn=_die_with_parent)  # noqa: PLW1509 - one thread
    end_with(int(argv[1]))
    _wait_for(java)
    os.write(1, READY)
    return asyncio.run(_serve(int(argv[0]), java))


def command(java: str, jar: str, folder: str) -> list[str]:
    """How it is started.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.UsageNotes.html
    """
    libraries = str(Path(jar).parent / "DynamoDBLocal_lib")
    options = ["-port", str(PORT), "-dbPath", folder, "-cors", NOBODY]
    return [java, f"-Djava.library.path={libraries}", "-jar", jar, *options]


def _apart() -> None:
    """Into a network of one's own, in which only loopback is up."""
    libc, user, group = ctypes.CDLL(None, use_errno=True), os.getuid(), os.getgid()
    flags = CLONE_NEWNET if user == 0 else CLONE_NEWUSER | CLONE_NEWNET
    if libc.unshare(flags):
        why = os.strerror(ctypes.get_errno())
        sys.exit(f"DynamoDB Local needs a network of its own, and this machine gives none: {why}")
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", IFF_UP, b""))


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _wait_for(java: "subprocess.Popen[bytes]") -> None:
    """Until it listens; ends with it."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if java.poll() is not None:
            sys.exit(java.returncode or 1)
        try:
            socket.create_connection(("127.0.0.1", PORT), 1).close()
            return
        except OSError:
            time.sleep(LOOK_SECONDS)
    sys.exit(f"DynamoDB Local did not listen within {START_SECONDS:.0f} s")


async def _serve(descriptor: int, java: "subprocess.Popen[bytes]") -> int:
    async with await asyncio.start_unix_server(_relay, sock=socket.socket(fileno=descriptor)):
        return await asyncio.to_thread(java.wait)


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        there, onwards = await asyncio.open_connection("127.0.0.1", PORT)
    except OSError:
        writer.close()
        return
    await asyncio.gather(_pass_on(reader, onwards), _pass_on(there, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
