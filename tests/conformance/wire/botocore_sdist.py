"""The tests of the installed botocore: its sdist carries them, the wheel doesn't.

Fetched once by pip, at the installed version, into a cache folder inside the virtual environment (or, where
that can't be written, the temporary folder). Only the protocol cases and the SigV4 suite are unpacked.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from pathlib import Path, PurePosixPath

import botocore

WANTED = ("tests/unit/protocols/", "tests/unit/auth/aws4_testsuite/")


@cache
def unit_tests_of_botocore() -> Path:
    """The folder `tests/unit` of botocore's sources."""
    home = _cache_home() / f"botocore-{botocore.__version__}-tests"
    if not home.is_dir():
        _fetch(home)
    return home / "tests" / "unit"


def _cache_home() -> Path:
    inside = Path(sys.prefix) / "share" / "lambent-tests"
    try:
        inside.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir())
    return inside if os.access(inside, os.W_OK) else Path(tempfile.gettempdir())


def _fetch(home: Path) -> None:
    """Unpacked beside its final place and then renamed: whoever is first wins, and nobody sees half of it."""
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        requirement = f"botocore=={botocore.__version__}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--no-binary", "botocore", "--dest", folder, requirement]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("botocore-*.tar.gz")
        unpacked = Path(folder) / "unpacked"
        _unpack(archive, unpacked)
        try:
            unpacked.rename(home)
        except OSError:
            if not home.is_dir():
                raise


def _unpack(archive: Path, into: Path) -> None:
    with tarfile.open(archive) as tar:
        for member in tar:
            inner = str(PurePosixPath(*PurePosixPath(member.name).parts[1:]))
            if member.isfile() and inner.startswith(WANTED) and ".." not in inner:
                source = tar.extractfile(member)
                assert source is not None
                target = into / inner
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read())
