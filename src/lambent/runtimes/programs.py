"""What of Amazon Linux an environment shows beside its runtime: which programs are found, and a few files.

The programs of this machine stand for those of Amazon Linux, but only those that are there too: code that runs another
one would pass here and fail on AWS. The list is of the packages in AWS's base images for Lambda, which are those of the
minimal container (https://docs.aws.amazon.com/linux/al2023/ug/minimal-container.html; the packages of
public.ecr.aws/lambda/python:3.12: https://github.com/amazonlinux/amazon-linux-2023/issues/585).
"""

import re
import shutil
from collections.abc import Iterable
from pathlib import PurePosixPath

from lambent.model.finding import Finding
from lambent.runtimes.table import AL2023
from lambent.sandbox.spec import Programs

_COREUTILS = (
    "[ arch b2sum base32 base64 basename basenc cat chcon chgrp chmod chown chroot cksum comm cp csplit cut date dd df "
    "dir dircolors dirname du echo env expand expr factor false fmt fold groups head hostid id install join link ln "
    "logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pinky pr printenv "
    "printf ptx pwd readlink realpath rm rmdir runcon seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf "
    "sleep sort split stat stdbuf stty sum sync tac tail tee test timeout touch tr true truncate tsort tty uname "
    "unexpand uniq unlink users vdir wc who whoami yes"
)
_OTHERS = (
    "bash sh curl awk gawk egrep fgrep grep sed catchsegv gencat getconf getent iconv ldd locale localedef pldd sprof "
    "tzselect zdump ldconfig iconvconfig alternatives update-alternatives gpg gpg-agent gpg-connect-agent gpgconf gpgv "
    "trust update-ca-trust ca-legacy xmllint xmlcatalog rpm rpmdb rpmkeys microdnf"
)
AMAZON_LINUX = (*_COREUTILS.split(), *_OTHERS.split())

LANGUAGE = ("python*", "pip*", "pydoc*", "idle*", "2to3*", "wheel", "node", "npm", "npx", "corepack")
"""What is in /var/lang/bin. On this machine that may be a folder with much else in it."""

FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")
EMPTY = ("/usr/local/bin", "/usr/local/sbin", "/usr/games", "/usr/local/games")
LANG_BIN = "/var/lang/bin"

AS_ON_AWS: Programs = (
    *((folder, AMAZON_LINUX) for folder in FOLDERS),
    *((folder, ()) for folder in EMPTY),
    (LANG_BIN, LANGUAGE),
)
"""Everything else of the host's is hidden in these folders."""

_AL2023 = """NAME="Amazon Linux"
VERSION="2023"
ID="amzn"
ID_LIKE="fedora"
VERSION_ID="2023"
PLATFORM_ID="platform:al2023"
PRETTY_NAME="Amazon Linux 2023"
ANSI_COLOR="0;33"
CPE_NAME="cpe:2.3:o:amazon:amazon_linux:2023"
HOME_URL="https://aws.amazon.com/linux/amazon-linux-2023/"
DOCUMENTATION_URL="https://docs.aws.amazon.com/linux/"
SUPPORT_URL="https://aws.amazon.com/premiumsupport/"
BUG_REPORT_URL="https://github.com/amazonlinux/amazon-linux-2023"
VENDOR_NAME="AWS"
VENDOR_URL="https://aws.amazon.com/"
SUPPORT_END="2029-06-30"
"""
_AL2 = """NAME="Amazon Linux"
VERSION="2"
ID="amzn"
ID_LIKE="centos rhel fedora"
VERSION_ID="2"
PRETTY_NAME="Amazon Linux 2"
ANSI_COLOR="0;33"
CPE_NAME="cpe:2.3:o:amazon:amazon_linux:2"
HOME_URL="https://amazonlinux.com/"
SUPPORT_END="2026-06-30"
"""
"""os-release(5), as public reports show it."""

_ENTRYPOINT = """#!/bin/sh
if [ $# -ne 1 ]; then
    echo "entrypoint requires the handler name to be the first argument" >&2
    exit 142
fi
export _HANDLER="$1"
emulator=
[ -n "$AWS_LAMBDA_RUNTIME_API" ] || emulator=/usr/local/bin/aws-lambda-rie
exec $emulator /var/runtime/bootstrap
"""
"""The contract of the entry point of AWS's base images (https://github.com/aws/aws-lambda-base-images)."""


def files(os_name: str) -> tuple[tuple[str, str], ...]:
    """Files of a runtime's operating system by place, in the place of the host's."""
    release = _AL2023 if os_name == AL2023 else _AL2
    system = "Amazon Linux release 2023 (Amazon Linux)" if os_name == AL2023 else "Amazon Linux release 2 (Karoo)"
    return (
        ("/etc/os-release", release),
        ("/usr/lib/os-release", release),
        ("/etc/system-release", system + "\n"),
        ("/lambda-entrypoint.sh", _ENTRYPOINT),
    )


def hidden(programs: Programs, path: str) -> bool:
    """Whether the program at `path` inside is one of the host's that is not found there."""
    place = PurePosixPath(path)
    return any(folder == str(place.parent) and not _among(place.name, names) for folder, names in programs)


def _among(name: str, names: Iterable[str]) -> bool:
    return any(name == one or (one.endswith("*") and name.startswith(one[:-1])) for one in names)


_TRIED = re.compile(rb"\[Errno 2\] No such file or directory: '([\w.+-]{1,64})'|spawn ([\w.+-]{1,64}) ENOENT")


def tried(error: bytes) -> str:
    """The program of this machine that a function failed to run, as its error tells; nothing otherwise."""
    if b"ENOENT" not in error and b"[Errno 2]" not in error:
        return ""
    found = _TRIED.search(error)
    name = (found[1] or found[2]).decode() if found else ""
    return name if name and shutil.which(name) and name not in AMAZON_LINUX else ""


def finding(arn: str, name: str) -> Finding:
    """That a function would find here what is not there on AWS."""
    text = f"it tried to run {name}, which this machine has and AWS's environments have not"
    hint = f"bring {name} along in the package or a layer; host_programs = shown lets functions find it here"
    return Finding("host-program", arn, text, hint)
