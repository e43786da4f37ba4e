"""What s3fs does to a bucket: files, a multipart upload, copies, globs, and all of it gone again."""

import os

import s3fs

MB = 1 << 20
files = s3fs.S3FileSystem()
files.mkdir("from-s3fs")
data = os.urandom(12 * MB)
with files.open("from-s3fs/a/large.bin", "wb", block_size=5 * MB) as to:
    for at in range(0, len(data), MB):
        to.write(data[at : at + MB])
files.pipe("from-s3fs/a/b c.txt", b"hello")
files.mv("from-s3fs/a/b c.txt", "from-s3fs/d.txt")
files.copy("from-s3fs/d.txt", "from-s3fs/e.txt")
assert files.find("from-s3fs") == ["from-s3fs/a/large.bin", "from-s3fs/d.txt", "from-s3fs/e.txt"]
assert files.cat("from-s3fs/a/large.bin") == data
with files.open("from-s3fs/a/large.bin", "rb") as there:
    there.seek(6 * MB)
    assert there.read(100) == data[6 * MB : 6 * MB + 100]
files.rm("from-s3fs", recursive=True)
assert not files.exists("from-s3fs")
