"""What a bucket had yet to tell when the server died is told by the next one, which sends from its first moment on:
nothing goes before all that takes it is there."""

import json
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import Server
from tests.e2e.s3.test_s3_notices_killed import ARN, BUCKET, TOLD, furnish, keys_told

EACH = 12
TARGETS = {"by-bucket": ARN.format("sqs", "by-bucket"), "by-function": ARN.format("lambda", "function:tell")}


def left(database: Path) -> None:
    """Messages that were not sent, as a change leaves them."""
    with sqlite3.connect(database) as connection:
        for number in range(EACH * len(TOLD)):
            queue = TOLD[number % len(TOLD)]
            body = json.dumps({"Records": [{"s3": {"object": {"key": f"{queue}/{number}"}}}]})
            document = {
                "account": "000000000000",
                "region": "us-east-1",
                "target": TARGETS[queue],
                "body": body,
                "origin": f"arn:aws:s3:::{BUCKET}",
                "trace": "",
            }
            connection.execute("INSERT INTO object_notices VALUES (?, ?)", (number + 1, json.dumps(document).encode()))
    connection.close()


def test_what_was_left_is_told(own_server: Callable[..., Server]) -> None:
    server = own_server()
    furnish(server)
    server.stop(signal.SIGKILL)
    left(server.data_dir / "state.db")
    server = own_server()
    for queue in TOLD:
        meant = {f"{queue}/{number}" for number in range(EACH * len(TOLD)) if TOLD[number % len(TOLD)] == queue}
        assert meant <= set(keys_told(server, queue, meant, 60))
    assert not [one for one in server.page("findings")["findings"] if one["code"].startswith("undelivered")]
    assert "Traceback" not in "".join(server.output)
    assert server.stop() == 0
