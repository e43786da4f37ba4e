"""The seccomp policy, as data: which system calls a sandbox's processes can't make, and why.

Everything else is allowed. The numbers are those of x86_64 and aarch64 (asm/unistd_64.h, asm-generic/unistd.h);
None: the architecture does not have the call.
"""

from __future__ import annotations

from typing import NamedTuple, Optional


class Denied(NamedTuple):
    """One refused call."""

    x86_64: Optional[int]  # noqa: UP045 - evaluated at run time on 3.8
    aarch64: Optional[int]  # noqa: UP045
    why: str


_MOUNTS = "mounts are the keeper's; with a new user namespace they would be the process's too"
_NAMESPACES = "new namespaces bring back capabilities inside them, and with them most of the kernel's attack surface"
_KERNEL = "changes the kernel itself"
_CLOCK = "changes the host's clock"
_TRACING = "reaches into other processes"
_KEYS = "the kernel's key rings are not kept apart by namespaces"
_LARGE = "a large attack surface that no function needs"

DENIED: dict[str, Denied] = {
    "mount": Denied(165, 40, _MOUNTS),
    "umount2": Denied(166, 39, _MOUNTS),
    "pivot_root": Denied(155, 41, _MOUNTS),
    "chroot": Denied(161, 51, _MOUNTS),
    "open_tree": Denied(428, 428, _MOUNTS),
    "move_mount": Denied(429, 429, _MOUNTS),
    "fsopen": Denied(430, 430, _MOUNTS),
    "fsconfig": Denied(431, 431, _MOUNTS),
    "fsmount": Denied(432, 432, _MOUNTS),
    "fspick": Denied(433, 433, _MOUNTS),
    "mount_setattr": Denied(442, 442, _MOUNTS),
    "open_tree_attr": Denied(467, 467, _MOUNTS),
    "unshare": Denied(272, 97, _NAMESPACES),
    "setns": Denied(308, 268, _NAMESPACES),
    "init_module": Denied(175, 105, _KERNEL),
    "finit_module": Denied(313, 273, _KERNEL),
    "delete_module": Denied(176, 106, _KERNEL),
    "kexec_load": Denied(246, 104, _KERNEL),
    "kexec_file_load": Denied(320, 294, _KERNEL),
    "reboot": Denied(169, 142, _KERNEL),
    "swapon": Denied(167, 224, _KERNEL),
    "swapoff": Denied(168, 225, _KERNEL),
    "acct": Denied(163, 89, _KERNEL),
    "quotactl": Denied(179, 60, _KERNEL),
    "quotactl_fd": Denied(443, 443, _KERNEL),
    "syslog": Denied(103, 116, "shows the host's kernel log"),
    "sethostname": Denied(170, 161, "the name is the keeper's"),
    "setdomainname": Denied(171, 162, "the name is the keeper's"),
    "iopl": Denied(172, None, "raw access to hardware"),
    "ioperm": Denied(173, None, "raw access to hardware"),
    "modify_ldt": Denied(154, None, _LARGE),
    "settimeofday": Denied(164, 170, _CLOCK),
    "clock_settime": Denied(227, 112, _CLOCK),
    "ptrace": Denied(101, 117, _TRACING),
    "process_vm_readv": Denied(310, 270, _TRACING),
    "process_vm_writev": Denied(311, 271, _TRACING),
    "kcmp": Denied(312, 272, _TRACING),
    "pidfd_getfd": Denied(438, 438, _TRACING),
    "process_madvise": Denied(440, 440, _TRACING),
    "keyctl": Denied(250, 219, _KEYS),
    "add_key": Denied(248, 217, _KEYS),
    "request_key": Denied(249, 218, _KEYS),
    "bpf": Denied(321, 280, _LARGE),
    "perf_event_open": Denied(298, 241, _LARGE),
    "userfaultfd": Denied(323, 282, "the usual lever for exploiting races in the kernel"),
    "io_uring_setup": Denied(425, 425, _LARGE),
    "io_uring_enter": Denied(426, 426, _LARGE),
    "io_uring_register": Denied(427, 427, _LARGE),
    "fanotify_init": Denied(300, 262, "watches files of the whole mount"),
    "name_to_handle_at": Denied(303, 264, "file handles go around mounts"),
    "open_by_handle_at": Denied(304, 265, "file handles go around mounts"),
    "move_pages": Denied(279, 239, _TRACING),
    "migrate_pages": Denied(256, 238, _TRACING),
    "lookup_dcookie": Denied(212, 18, _LARGE),
    "vhangup": Denied(153, 58, "acts on terminals of others"),
}
"""Answered with EPERM."""

_HIDDEN = "memory that is in no process: without a control group nobody can count it"

UNCHARGED: dict[str, Denied] = {
    "memfd_create": Denied(319, 279, _HIDDEN),
    "memfd_secret": Denied(447, 447, _HIDDEN),
    "shmget": Denied(29, 194, _HIDDEN),
    "msgget": Denied(68, 186, _HIDDEN),
    "semget": Denied(64, 190, _HIDDEN),
}
"""Answered with ENOSYS where no control group counts memory; programs then do as on a kernel that lacks them."""

CLONE = Denied(56, 220, _NAMESPACES)
"""Answered with EPERM when it asks for a new namespace."""

CLONE3 = Denied(435, 435, "its flags lie in memory, where a filter can't look; C libraries then use clone")
"""Answered with ENOSYS."""

SOCKET = Denied(41, 198, "")
DENIED_FAMILIES = {
    40: "AF_VSOCK: reaches the hypervisor, no network namespace keeps it apart",
    38: "AF_ALG: the kernel's crypto code; a large attack surface",
}
"""Address families that `socket` answers with EAFNOSUPPORT."""
