"""What of the host every sandbox sees, and what is generated for it. Data, and the few looks at the host it needs."""

# ruff: noqa: PTH112, PTH114, PTH115, S108
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import os
import sys

NAMESERVER = "169.254.78.3"
"""Where sandboxes ask for names; the same for every one, so that one /etc/resolv.conf serves all."""

STAGE = "/tmp"
"""Where the base root is put together, in a mount namespace of its own."""

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
"""Bound where they are folders, linked where they are links (merged /usr)."""

CONFIGURED = ("/etc/alternatives", "/etc/ssl/certs", "/etc/pki", "/etc/crypto-policies", "/etc/fonts")
"""Bound: programs in /usr point there."""

COPIED = ("/etc/ld.so.cache", "/etc/ssl/openssl.cnf", "/etc/services", "/etc/protocols", "/etc/mime.types")

FOLDERS = ("/dev", "/etc", "/home", "/mnt", "/opt", "/proc", "/root", "/run", "/tmp", "/var/task", "/var/tmp")

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")

_LINKS = (
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
    ("/etc/mtab", "/proc/self/mounts"),
    ("/etc/localtime", "/usr/share/zoneinfo/UTC"),
)


def system_sources() -> list[tuple[str, str]]:
    """(source, place inside) of the system folders and the running interpreter."""
    found = [path for path in (*SYSTEM, *CONFIGURED) if os.path.isdir(path) and not os.path.islink(path)]
    for prefix in {os.path.realpath(sys.base_prefix), os.path.realpath(sys.base_exec_prefix)}:
        if not any(prefix == path or prefix.startswith(path + "/") for path in found):
            found.append(prefix)
    return [(path, path) for path in found]


def system_links() -> list[tuple[str, str]]:
    """(link, target): the devices' and those of a merged /usr."""
    return [*_LINKS, *((path, os.readlink(path)) for path in SYSTEM if os.path.islink(path))]


def generated_files(uid: int, gid: int) -> dict[str, str]:
    """Path to text. Without a way out there is no route to the name server: a look-up fails at once."""
    return {
        "/etc/passwd": (
            "root:x:0:0:root:/root:/sbin/nologin\n"
            f"sbx_user1051:x:{uid}:{gid}::/home/sbx_user1051:/sbin/nologin\n"
            "nobody:x:65534:65534:nobody:/:/sbin/nologin\n"
        ),
        "/etc/group": f"root:x:0:\nsbx_user1051:x:{gid}:\nnogroup:x:65534:\n",
        "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n127.0.0.1 sandbox.localdomain sandbox\n",
        "/etc/resolv.conf": f"nameserver {NAMESERVER}\noptions timeout:2 attempts:2\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    }
