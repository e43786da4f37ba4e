"""OpenSSL finds the endpoint's authority in the folder that functions are shown."""

import ssl
from pathlib import Path

from lambent.runtimes import trusted
from lambent.server.tls import Authority


def test_the_file_is_named_as_openssl_looks_for_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    [(path, text)] = trusted.files(authority.path.read_text())
    assert Path(path).parent == Path(trusted.FOLDER)
    (tmp_path / Path(path).name).write_text(text)
    client, incoming, outgoing = ssl.create_default_context(capath=str(tmp_path)), ssl.MemoryBIO(), ssl.MemoryBIO()
    assert shaken(client.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1"), incoming, outgoing, authority)


def shaken(client: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, authority: Authority) -> bool:
    """Whether a handshake with the authority's own server succeeds. Raises SSLError when it is not trusted."""
    server = authority.context().wrap_bio(outgoing, incoming, server_side=True)
    for _ in range(8):
        done = 0
        for side in (client, server):
            try:
                side.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                continue
        if done == 2:
            return True
    return False


def test_without_an_authority_nothing_is_shown() -> None:
    assert trusted.files("") == ()
