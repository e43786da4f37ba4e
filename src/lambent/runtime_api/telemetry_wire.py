"""A batch as bytes, and the answer to it. Pure.

HTTP subscribers get a JSON array in the body of a request, TCP subscribers a line of JSON for each record (NDJSON).
Source: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html, "Specifying a destination protocol".
"""

import httptools

from lambent.runtime_api.telemetry import HOSTS, Subscription
from lambent.runtime_api.telemetry_buffer import Batch


class BadAnswer(Exception):
    """The subscriber answered something that is not HTTP."""


def encoded(subscription: Subscription, batch: Batch) -> bytes:
    """What is sent for a batch."""
    if not subscription.method:
        return b"".join(record + b"\n" for record in batch.records)
    body = b"[" + b",".join(batch.records) + b"]"
    head = (
        f"{subscription.method} {subscription.path} HTTP/1.1\r\nHost: {HOSTS[0]}:{subscription.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Answer:
    """Reads a subscriber's answer to one request. `status` is its HTTP status once `complete`."""

    def __init__(self) -> None:
        self.complete = False
        self.keeps_alive = False
        self.status = 0
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """More of it; b"" when the connection is closed. Raises BadAnswer."""
        if not data:
            # An answer without a length ends with its connection.
            self.complete = self.status != 0
            self.keeps_alive = False
            if not self.complete:
                raise BadAnswer("the connection was closed before the answer")
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise BadAnswer(str(error)) from error

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        if self.status >= 200:
            self.complete = True
            self.keeps_alive = bool(self._parser.should_keep_alive())
