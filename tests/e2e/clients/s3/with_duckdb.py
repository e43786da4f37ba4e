"""What DuckDB's httpfs does: Parquet files written in parts and read by ranges, a partitioned table found by a glob."""

import os
import sys
from urllib.parse import urlsplit

import duckdb

db = duckdb.connect()
db.execute(f"LOAD '{sys.argv[1]}'")
where = f"ENDPOINT '{urlsplit(os.environ['AWS_ENDPOINT_URL']).netloc}', URL_STYLE 'path', USE_SSL false"
db.execute(f"CREATE SECRET (TYPE s3, KEY_ID '000000000000', SECRET 'lambent', REGION 'us-east-1', {where})")
rows = "SELECT range AS n, range % 3 AS k FROM"
db.execute(f"COPY ({rows} range(30000)) TO 's3://from-duckdb/t.parquet'")
db.execute(f"COPY ({rows} range(3000)) TO 's3://from-duckdb/p' (FORMAT parquet, PARTITION_BY k)")
[one] = db.execute("SELECT count(*), sum(n) FROM 's3://from-duckdb/t.parquet' WHERE k = 1").fetchall()
assert one == (10_000, 149_995_000), one
every = "SELECT k, count(*) FROM read_parquet('s3://from-duckdb/p/**/*.parquet') GROUP BY k ORDER BY k"
assert db.execute(every).fetchall() == [(0, 1000), (1, 1000), (2, 1000)]
