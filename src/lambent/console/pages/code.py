"""The code of a function, and small changes to it."""

import io
import urllib.request
import zipfile
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from starlette.responses import Response

from lambent.console.api import Document
from lambent.console.site import Asked, Site, size

MOST_BYTES, MOST_FILE = 8 << 20, 256 << 10
"""Of a package that is shown, zipped, and of a file of it."""
MOST_FILES = 2_000
EDITED = {".py", ".js", ".mjs", ".cjs", ".ts", ".json", ".txt", ".toml", ".yaml", ".yml", ".md", ".sh", ".html", ""}
MAIN = (".py", ".mjs", ".js", ".cjs")
SECONDS = 30


class NoCode(Exception):
    """Why a package can't be shown."""


def code(site: Site, asked: Asked) -> Response:
    """The files of a function, and one of them."""
    try:
        about, package = _package(site, asked.path["name"])
    except NoCode as why:
        about = site.api.ask("lambda", "get_function_configuration", FunctionName=asked.path["name"])
        return site.show("code.html", asked, about=about, tab="code", why=str(why), files=[])
    return _shown(site, asked, about, package)


def _shown(site: Site, asked: Asked, about: Document, package: bytes) -> Response:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        files = [one for one in archive.infolist() if not one.is_dir()][:MOST_FILES]
        chosen = asked.query.get("file") or _first(about, [one.filename for one in files])
        text, why = _text(archive, chosen)
    return site.show(
        "code.html", asked, about=about, tab="code", why="", files=files, chosen=chosen, text=text, unreadable=why
    )


def _first(about: Document, names: list[str]) -> str:
    """The file of the handler, else the first one with code."""
    module = about.get("Handler", "").rpartition(".")[0].replace(".", "/")
    wanted = [f"{module}{ending}" for ending in MAIN]
    found = [name for name in names if name in wanted] or [name for name in names if name.endswith(MAIN)]
    return (found or names or [""])[0]


def _text(archive: zipfile.ZipFile, name: str) -> tuple[str, str]:
    """A file's text; or why it is not shown."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        return "", "There is no such file in the package."
    if info.file_size > MOST_FILE:
        return "", f"It has {size(info.file_size)}; files of up to {size(MOST_FILE)} are shown."
    if PurePosixPath(name).suffix.lower() not in EDITED:
        return "", "It is not text."
    try:
        return archive.read(info).decode(), ""
    except (UnicodeDecodeError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return "", "It is not text."


def save(site: Site, asked: Asked) -> Response:
    """Put a changed file into the package. Lambda refuses it (412) when the function was changed in the meantime."""
    name, chosen = asked.path["name"], asked.form.get("file", "")
    try:
        _about, package = _package(site, name)
        changed = replaced(package, chosen, asked.form.get("text", "").replace("\r\n", "\n").encode())
    except NoCode as why:
        return site.show("_said.html", asked, 400, line=str(why))
    said = site.api.ask(
        "lambda", "update_function_code", FunctionName=name, ZipFile=changed, RevisionId=asked.form.get("revision", "")
    )
    return site.show("_saved.html", asked, about=site.api.settled(said), file=chosen)


def replaced(package: bytes, name: str, content: bytes) -> bytes:
    """A package with another content of a file that it has; all else, modes and times as well, stays. Raises NoCode."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        _text_or_raise(old, name)
        for info in old.infolist():
            new.writestr(info, content if info.filename == name else old.read(info))
    return made.getvalue()


def _text_or_raise(archive: zipfile.ZipFile, name: str) -> None:
    _, why = _text(archive, name)
    if why:
        raise NoCode(why)


def _package(site: Site, name: str) -> tuple[Document, bytes]:
    """A function's configuration and package. Raises NoCode."""
    said = site.api.ask("lambda", "get_function", FunctionName=name)
    about, where = said["Configuration"], said.get("Code", {})
    if about.get("PackageType") == "Image":
        raise NoCode(f"It runs from the image {where.get('ImageUri', '')}: change that and deploy it again.")
    if about.get("CodeSize", 0) > MOST_BYTES:
        raise NoCode(
            f"Its package has {size(about['CodeSize'])}; up to {size(MOST_BYTES)} are shown: "
            "what it imports can be a layer, and `lambent deploy DIR` changes it as well."
        )
    url = where.get("Location", "")
    own, its = urlsplit(site.api.endpoint.endpoint), urlsplit(url)
    if (its.scheme, its.port) != (own.scheme, own.port) or its.hostname not in (own.hostname, "localhost", "127.0.0.1"):
        raise NoCode("Its package lies somewhere else, which the console does not ask.")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=SECONDS) as answer:
            return about, answer.read(MOST_BYTES + 1)
    except OSError as error:
        raise NoCode(f"Its package can't be read: {error}") from error
