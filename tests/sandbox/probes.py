"""What the tests run inside sandboxes: each function writes what it finds to descriptor 1 as JSON. CPython 3.8."""

# ruff: noqa: SIM115

import ctypes
import errno
import json
import mmap
import os
import random
import resource
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


def write(path, text="x"):
    with open(path, "w") as file:
        file.write(text)


def write_everywhere():
    places = ("/x", "/usr/x", "/etc/x", "/var/task/x", "/dev/x", "/tmp/x")
    say({path: attempt(write, path) for path in places})


def writable_mounts():
    """Where something is mounted that its mount's own options let be written."""
    lines = [line.split() for line in open("/proc/self/mountinfo")]
    say(sorted({line[4] for line in lines if "rw" in line[5].split(",")}))


def share():
    """Writes NAME in each of PLACES; tells what came of it, and what is there then."""
    found = {}
    for place in os.environ["PLACES"].split():
        path = os.path.join(place, os.environ["NAME"])
        tried = attempt(write, path, "from " + os.environ["NAME"])
        found[place] = [tried, sorted(os.listdir(place))]
    flags = {}
    for line in open("/proc/self/mounts"):
        _, place, _kind, options = line.split()[:4]
        if place.startswith("/mnt"):
            flags[place] = [option for option in options.split(",") if option in ("rw", "ro", "nosuid", "nodev")]
    say([found, flags])


def search_memory():
    """Which names of the form NAME-0123456789 its own memory has."""
    import re

    found = set()
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in open("/proc/self/maps").readlines():
            bounds, flags = line.split()[:2]
            start, end = (int(bound, 16) for bound in bounds.split("-"))
            if flags.startswith("rw"):
                memory.seek(start)
                found |= set(re.findall(rb"[a-z]+-\d{10}(?!\d)", memory.read(end - start)))
    say(sorted(name.decode() for name in found))


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


def hide_memory():
    """Take memory of a kind that is in no process, or in many, in steps of 16 MB; then hold it."""
    step, libc = b"x" * (16 << 20), ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    kept = []

    def memfd():
        kept.append(os.memfd_create("hidden") if hasattr(os, "memfd_create") else create(b"hidden", 0))
        os.write(kept[-1], step)

    def create(*arguments):
        return checked(libc.memfd_create(*arguments))

    def checked(result):
        if result == -1:
            raise OSError(ctypes.get_errno(), "refused")
        return result

    def segment():
        number = checked(libc.shmget(0, ctypes.c_size_t(len(step)), 0o1600))
        ctypes.memmove(libc.shmat(number, None, 0), step, len(step))

    def mapping():
        kept.append(mmap.mmap(-1, len(step)))
        kept[-1].write(step)

    def semaphores():
        for _ in range(8):
            checked(libc.semget(0, 32000, 0o600))

    def page_tables():
        size = 8 << 30
        kept.append(mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, mmap.PROT_READ))
        for offset in range(0, size, 2 << 20):
            kept[-1][offset]

    def orphans():
        if os.fork() == 0:
            if os.fork() == 0:
                hold()
            os._exit(0)
        os.wait()

    def children_of_threads():
        threading.Thread(target=lambda: os.fork() or hold()).start()

    def hold():
        kept.append(bytearray(step))
        time.sleep(2)
        os._exit(0)

    ways = (memfd, segment, mapping, semaphores, page_tables, orphans, children_of_threads)
    way = {way.__name__: way for way in ways}[os.environ["WAY"]]
    found = "done"
    for _ in range(int(os.environ["MEGABYTES"]) // 16):
        found = attempt(way)
        if found != "done":
            break
    if found == "done":
        time.sleep(2)
    say(found)


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


def many_files():
    """As many empty files in /tmp as COUNT says."""
    for number in range(int(os.environ["COUNT"])):
        os.mknod(f"/tmp/{number}")
    say("done")


def queue_signals():
    """How many a user whom 50 are allowed may leave pending, which stay so until it is killed."""
    resource.setrlimit(resource.RLIMIT_SIGPENDING, (50, 50))
    number = signal.SIGRTMIN + 1
    signal.pthread_sigmask(signal.SIG_BLOCK, [number])
    count = 0
    while ctypes.CDLL(None).sigqueue(os.getpid(), number, None) == 0:
        count += 1
    say(count)
    sys.stdout.flush()
    time.sleep(60)


def watch_all():
    """How many inotify instances it can have, which it keeps until it is killed."""
    count, new = 0, ctypes.CDLL(None).inotify_init
    while new() >= 0:
        count += 1
    say(count)
    sys.stdout.flush()
    time.sleep(60)


def own_share():
    """Whether it can give itself more."""
    names = ("max_inotify_instances", "max_inotify_watches")
    say([attempt(open, f"/proc/sys/user/{name}", "w") for name in names])


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


def reach():
    """What each host:port of the environment says, or why it does not."""
    found = {}
    for target in os.environ["TARGETS"].split():
        host, _, port = target.partition(":")
        try:
            with socket.create_connection((host, int(port)), timeout=5) as sock:
                sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
                found[target] = sock.makefile().read().partition("\n\n")[2]
        except socket.gaierror:
            found[target] = "unknown name"
        except socket.timeout:  # noqa: UP041 - CPython 3.8
            found[target] = "timeout"
        except OSError as failed:
            found[target] = errno.errorcode.get(failed.errno, str(failed))
    say(found)


def listen_everywhere():
    """On every address; tells the one that a route to the internet would use."""
    server = socket.socket()
    server.bind(("0.0.0.0", int(os.environ["PORT"])))
    server.listen(5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("203.0.113.10", 80))
        say("ready " + probe.getsockname()[0])
    while True:
        server.accept()[0].close()


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


def describe_limits():
    import resource

    found = os.statvfs("/tmp")
    say({"descriptors": resource.getrlimit(resource.RLIMIT_NOFILE), "tmp": found.f_blocks * found.f_frsize})


def bomb():
    say("ready")
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.001)


def daemonise():
    """As daemons do: two forks, a session of its own, nothing open; then it works."""
    if os.fork():
        say("left")
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    os.closerange(0, 1024)
    while True:
        pass


def close_everything():
    say("closing")
    os.closerange(0, 1024)
    time.sleep(0.2)
    os._exit(3)


def hog_in_a_child():
    """The child takes more than there is, at once; the parent only waits for it."""
    pid = os.fork()
    if pid == 0:
        take_memory()
        os._exit(0)
    os.waitpid(pid, 0)
    time.sleep(600)


def keep_filling_tmp():
    say(fill_until_full())
    say(fill_until_full())
    os.unlink("/tmp/fill")
    say("freed")
    say(attempt(open, "/tmp/new", "w"))


def fill_until_full():
    def fill():
        with open("/tmp/fill", "ab", buffering=0) as file:
            while True:
                file.write(b"x" * (1 << 20))

    return attempt(fill)


def sleep():
    say("ready")
    time.sleep(600)


def ignore_sigterm():
    signal.signal(signal.SIGTERM, lambda number, frame: say("ignored"))
    say("ready")
    while True:
        time.sleep(600)


def answer_once():
    names = []
    for name in ("sandbox.localdomain", "sandbox"):
        try:
            names.append(socket.gethostbyname(name))
        except OSError:
            names.append("unknown")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        say({"names": names, "port": server.getsockname()[1]})
        asked = b""
        while not asked:
            with server.accept()[0] as sock:
                asked = sock.recv(100)
                sock.sendall(b"you said " + asked)


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
