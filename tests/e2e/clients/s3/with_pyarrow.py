"""What PyArrow's S3 file system does: a partitioned data set, a stream in parts, a listing."""

import os

import pyarrow
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet

there = os.environ["AWS_ENDPOINT_URL"]
files = pyarrow.fs.S3FileSystem(endpoint_override=there, allow_bucket_creation=True, allow_bucket_deletion=True)
files.create_dir("from-arrow")
table = pyarrow.table({"n": list(range(10_000)), "k": ["x", "y"] * 5_000})
pyarrow.parquet.write_to_dataset(table, "from-arrow/t", partition_cols=["k"], filesystem=files)
found = pyarrow.dataset.dataset("from-arrow/t", filesystem=files, partitioning="hive")
assert found.to_table(filter=pyarrow.dataset.field("k") == "x").num_rows == 5_000
with files.open_output_stream("from-arrow/large") as to:
    for _ in range(12):
        to.write(b"x" * (1 << 20))
assert files.get_file_info("from-arrow/large").size == 12 << 20
assert len(files.get_file_info(pyarrow.fs.FileSelector("from-arrow", recursive=True))) == 6
files.delete_dir("from-arrow")
assert files.get_file_info("from-arrow").type == pyarrow.fs.FileType.NotFound
