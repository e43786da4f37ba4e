"""The absolute form of a request's target: what proxies are sent, and what every server has to read as well
(RFC 9112, section 3.2.2)."""

import re

_ABSOLUTE = re.compile(rb"https?://([^/?#@]+)([/?].*)?", re.IGNORECASE | re.DOTALL)
"""Without user information, which is an error at a server (RFC 9110, section 4.2.4)."""


def origin_form(url: bytes, headers: dict[str, str], lines: list[tuple[bytes, bytes]]) -> bytes | None:
    """The path and query of a target that is none; its host takes the place of the header's, which counts no more.
    None for a target that is no server's: another scheme, or no host."""
    if url == b"*":
        return url
    found = _ABSOLUTE.fullmatch(url)
    if found is None:
        return None
    host, rest = found[1], found[2] or b"/"
    headers["host"] = host.decode("latin-1")
    lines[:] = [(name, host if name.lower() == b"host" else value) for name, value in lines]
    return rest if rest.startswith(b"/") else b"/" + rest
