"""The PDFs that the example makes, and the ones it finds."""

import io
from pathlib import Path

import pypdf

from examples.pdf_manifest import seed


def test_made_pdfs_are_real_and_repeatable() -> None:
    first, again = list(seed.made(24)), list(seed.made(24))
    assert first == again
    assert len({name for name, _ in first}) == 24
    for number, (_, content) in enumerate(first, start=1):
        assert content.startswith(b"%PDF-")
        assert len(pypdf.PdfReader(io.BytesIO(content)).pages) == 1 + number % 3


def test_made_names_are_awkward() -> None:
    names = [name for name, _ in seed.made(len(seed.NAMES))]
    assert any(" " in name for name in names)
    assert any(not name.isascii() for name in names)
    assert any(name.endswith(".PDF") for name in names)
    assert all(name.lower().endswith(".pdf") for name in names)


def test_found_are_the_pdfs_below_a_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("a.pdf", "deep/B.PDF", "notes.txt"):
        (tmp_path / name).write_bytes(name.encode())
    assert list(seed.found(tmp_path)) == [("a.pdf", b"a.pdf"), ("deep/B.PDF", b"deep/B.PDF")]
