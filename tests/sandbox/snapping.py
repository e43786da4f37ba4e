"""Entries of snapshots for the tests: each initialises something, calls the checkpoint and says what it finds. 3.8."""

# ruff: noqa: SIM115

import json
import os
import random
import socket
import ssl
import tempfile
import threading
import uuid

held = []


def say(value):
    os.write(1, (json.dumps(value) + "\n").encode())


def initialise(checkpoint):
    say({"pid": os.getpid(), "ids": [os.getresuid(), os.getresgid()], "asked": os.environ["ASKED"]})
    with open("/tmp/made", "w") as file:
        file.write("at init")
    text = open("/var/task/snapping.py")
    text.read(3)
    connection = socket.create_connection(("127.0.0.1", 4566))
    held.append(random.random())
    checkpoint()
    status = dict(line.split(":\t") for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    say(
        {
            "pid": os.getpid(),
            "ids": [os.getresuid(), os.getresgid()],
            "asked": os.environ["ASKED"],
            "capabilities": [status[name].strip() for name in ("CapPrm", "CapEff", "CapBnd")],
            "seccomp": status["Seccomp"].strip(),
            "tmp": open("/tmp/made").read(),
            "text": text.readline(),
            "connection": connection.recv(10).decode(),
            "drawn": [random.random(), uuid.uuid4().hex, ssl.RAND_bytes(8).hex(), tempfile.mktemp()],
            "kept": held,
            "fds": len(os.listdir("/proc/self/fd")),
        }
    )
    with open("/tmp/made", "w") as file:
        file.write("changed")
    os._exit(0)


def taking(checkpoint):
    """Epoll's watches, before."""
    import probes

    os.environ.update(WATCHES="100000", SECONDS="20")
    probes.take_epoll_watches()
    checkpoint()


def restored():
    held.append(os.environ["ASKED"])


def network(checkpoint):
    """Asks before and after."""
    import probes

    probes.reach()
    checkpoint()
    probes.reach()
    os._exit(0)


def fail(checkpoint):
    checkpoint.failed("Runtime.SomeError", '{"errorMessage": "no"}')


def end(checkpoint):
    os._exit(7)


def thread(checkpoint):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    checkpoint()


def pipe(checkpoint):
    held.append(os.pipe())
    checkpoint()


def listener(checkpoint):
    held.append(socket.create_server(("127.0.0.1", 8080)))
    checkpoint()


def written(checkpoint):
    held.append(open("/tmp/open", "w"))
    checkpoint()


def large(checkpoint):
    with open("/tmp/large", "wb") as file:
        file.write(b"1" * (65 << 20))
    checkpoint()


def memory(checkpoint):
    held.append(b"1" * (300 << 20))
    checkpoint()


def attempts(checkpoint):
    """What a hostile initialisation gets at. It has capabilities, in a user namespace of its own."""
    from probes import attempt

    say(
        {
            "write": attempt(open, "/var/task/new", "w"),
            "remount": attempt(_mount, b"none", b"/var/task", None, 32 | 4096, None),
            "device": attempt(os.mknod, "/tmp/device", 0o20666, os.makedev(1, 8)),
            "host": sorted(os.listdir("/")),
            "others": [name for name in os.listdir("/proc") if name.isdigit()],
            "kill": attempt(os.kill, 2, 9),
            "network": sorted(os.listdir("/sys")) if os.path.isdir("/sys") else [],
            "setuid": attempt(os.setuid, 0),
        }
    )
    checkpoint.failed("done", "")


def _mount(*arguments):
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(*arguments) != 0:
        raise OSError(ctypes.get_errno(), "mount")
