"""The bench's reference: what a runtime was handed that has ended goes to the next one."""

from bench.relay import Connection, Relay


class Peer(Connection):
    """One end, whose bytes are kept."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(relay)
        self.sent: list[bytes] = []
        self.send = self.sent.append


def test_an_invocation_outlives_the_runtime_that_had_ended_when_it_came() -> None:
    relay = Relay()
    client, dead, alive = Peer(relay), Peer(relay), Peer(relay)
    relay.next(dead)
    relay.invoke(client, b"{}")  # nobody has noticed its end yet
    dead.connection_lost(None)
    relay.next(alive)
    request_id = alive.sent[0].partition(b"Request-Id: ")[2][:32]
    relay.answer(alive, b"/2018-06-01/runtime/invocation/" + request_id + b"/response", b"ok")
    assert client.sent[0].endswith(b"ok")
    alive.connection_lost(None)
    assert not relay.idle
    assert not relay.waiting
