"""Zip files for tests, well-behaved and otherwise."""

import io
import stat
import zipfile


def zip_of(files: dict[str, bytes], mode: int = 0o644) -> bytes:
    return zip_entries([(name, data, stat.S_IFREG | mode) for name, data in files.items()])


def zip_entries(entries: list[tuple[str, bytes, int]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Entries of (name, bytes, st_mode); a symbolic link's bytes are its target."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data, mode in entries:
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = mode << 16
            info.compress_type = compression
            archive.writestr(info, data)
    return buffer.getvalue()
