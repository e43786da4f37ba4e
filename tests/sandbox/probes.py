"""What the tests run inside sandboxes: each function writes what it finds to descriptor 1 as JSON. CPython 3.8."""

# ruff: noqa: SIM115

import ctypes
import errno
import json
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time


def say(value):
    os.write(1, (json.dumps(value) + "\n").encode())


def attempt(call, *arguments):
    """The name of the error, or "done"."""
    try:
        call(*arguments)
    except OSError as failed:
        return errno.errorcode.get(failed.errno, str(failed.errno))
    return "done"


def describe():
    status = dict(line.split(":\t") for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    say(
        {
            "pid": os.getpid(),
            "ids": [os.getresuid(), os.getresgid(), os.getgroups()],
            "environment": dict(os.environ),
            "native": native_environment(),
            "cwd": os.getcwd(),
            "host": os.uname().nodename,
            "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if int(fd) < 100)[:-1],
            "capabilities": [status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
            "no_new_privs": status["NoNewPrivs"].strip(),
            "seccomp": status["Seccomp"].strip(),
            "pids": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
            "session": os.getsid(0) == os.getpid(),
            "umask": os.umask(0o22),
            "signals": [str(signal.getsignal(number)) for number in (signal.SIGCHLD, signal.SIGTERM)],
            "ours": [name for name in sys.modules if name.split(".")[0] == "inside"],
            "commands": [open(f"/proc/{pid}/cmdline").read().strip("\0") for pid in ("1", "self")],
            "mounts": [line.split()[1] for line in open("/proc/self/mounts")],
        }
    )


def native_environment():
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    names = ("HOME", "PATH", "USER", "LC_CTYPE", "ASKED")
    return {name: libc.getenv(name.encode()).decode() for name in names if libc.getenv(name.encode())}


def write_everywhere():
    def write(path):
        with open(path, "w") as file:
            file.write("x")

    places = ("/x", "/usr/x", "/etc/x", "/var/task/x", "/dev/x", "/dev/shm/x", "/tmp/x")
    say({path: attempt(write, path) for path in places})


def fill_tmp():
    def fill():
        with open("/tmp/large", "wb", buffering=0) as file:
            for _ in range(int(os.environ["MEGABYTES"])):
                file.write(b"x" * (1 << 20))

    say(attempt(fill))


def take_memory():
    held = bytearray(int(os.environ["MEGABYTES"]) << 20)
    for at in range(0, len(held), 4096):
        held[at] = 1
    say("done")
    time.sleep(float(os.environ.get("SECONDS", "0.3")))


def open_many():
    held = []

    def fill():
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))

    found = attempt(fill)
    os.write(1, json.dumps([found, len(held)]).encode())


def fork_many():
    read, write = os.pipe()
    count = 0
    while count < 200:
        try:
            pid = os.fork()
        except OSError as failed:
            say([errno.errorcode[failed.errno], count])
            return
        if pid == 0:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
        count += 1
    say(["done", count])


def call_denied():
    """The errno of each system call that the environment names, called with zeros."""
    libc = ctypes.CDLL(None, use_errno=True)
    found = {}
    for name, number in json.loads(os.environ["CALLS"]).items():
        ctypes.set_errno(0)
        result = libc.syscall(ctypes.c_long(number), 0, 0, 0, 0, 0, 0)
        found[name] = errno.errorcode[ctypes.get_errno()] if result == -1 else "done"
    clone = int(os.environ["CLONE"])
    for name, flag in (("clone with a user namespace", 0x10000000), ("clone with a mount namespace", 0x20000)):
        result = libc.syscall(ctypes.c_long(clone), ctypes.c_ulong(flag | 17), 0, 0, 0, 0)
        if result == 0:
            os._exit(0)
        found[name] = errno.errorcode[ctypes.get_errno()] if result == -1 else "done"
    found["AF_VSOCK"] = attempt(lambda: socket.socket(40, socket.SOCK_STREAM))
    found["AF_ALG"] = attempt(lambda: socket.socket(38, socket.SOCK_SEQPACKET))
    say(found)


def ordinary_things():
    """What every program may do: threads, processes, sockets, executing."""
    found = []
    thread = threading.Thread(target=found.append, args=("thread",))
    thread.start()
    thread.join()
    import subprocess

    found.append(
        subprocess.run(["/bin/sh", "-c", "echo shell"], stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    )
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        client.connect(server.getsockname())
        found.append("socket")
    with tempfile.NamedTemporaryFile() as file:
        found.append(os.path.dirname(file.name))
    found.append(socket.gethostbyname("localhost"))
    import pwd

    found.append(pwd.getpwuid(os.getuid()).pw_name)
    say(found)


def attack_keeper():
    found = {
        "kill": attempt(os.kill, 1, signal.SIGKILL),
        "stop": attempt(os.kill, 1, signal.SIGSTOP),
        "memory": attempt(open, "/proc/1/mem"),
        "descriptors": attempt(os.listdir, "/proc/1/fd"),
        "root": attempt(os.listdir, "/proc/1/root"),
    }
    time.sleep(0.05)
    say(found)


def connect():
    with socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), timeout=5) as sock:
        sock.sendall(os.environ["TEXT"].encode())
        say(sock.recv(100).decode())


def reach_out():
    def reach(address):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.settimeout(1)
            sock.connect(address)

    say([attempt(reach, ("127.0.0.1", int(os.environ["PORT"]))), attempt(reach, ("198.51.100.1", 80))])


def remember():
    path = os.path.join(tempfile.gettempdir(), "count")
    count = int(open(path).read()) + 1 if os.path.exists(path) else 1
    with open(path, "w") as file:
        file.write(str(count))
    say([count, random.random(), next(tempfile._get_candidate_names())])


def leave_children():
    """Children that try to get away: one in a session of its own, one orphaned, one ignoring signals."""
    for how in ("session", "orphan", "deaf"):
        pid = os.fork()
        if pid == 0:
            if how == "session":
                os.setsid()
            if how == "orphan" and os.fork():
                os._exit(0)
            if how == "deaf":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.close(1)
            time.sleep(600)
            os._exit(0)
    time.sleep(0.05)
    say("left")


def tick():
    say("ready")
    while True:
        os.write(1, b".")
        time.sleep(0.002)


def sleep():
    say("ready")
    time.sleep(600)


def end():
    how = os.environ["HOW"]
    if how == "exit":
        sys.exit(7)
    if how == "signal":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "raise":
        raise RuntimeError("on purpose")
    if how == "atexit":
        import atexit

        atexit.register(say, "at exit")
