"""Where this server's own processes may connect to."""

import socket

import pytest

from lambent import outward
from lambent.outward import OutOfReach, Reach

PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822", "::ffff:93.184.216.34")
NEVER = (
    *("127.0.0.1", "127.255.0.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
    *("169.254.169.254", "fe80::1", "fe80::1%lo", "fd00:ec2::254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "fc00::1"),
    *("100.64.0.1", "224.0.0.1", "239.1.1.1", "ff02::1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1"),
    *("localhost", "example.com", "", "0x7f000001", "2130706433", "127.1"),
)


@pytest.mark.parametrize("host", PUBLIC)
def test_the_world_is_in_reach(host: str) -> None:
    Reach().check(host, 443)


@pytest.mark.parametrize("host", NEVER)
def test_this_machine_and_what_is_around_it_are_not(host: str) -> None:
    with pytest.raises(OutOfReach):
        Reach().check(host, 443)


def test_an_address_of_this_machine_is_not_although_it_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: None)
    monkeypatch.setattr(socket.socket, "getsockname", lambda self: ("93.184.216.34", 1))
    assert not Reach().permits("93.184.216.34", 443)
    assert Reach().permits("93.184.216.35", 443)


@pytest.mark.parametrize(
    ("listed", "host", "port", "permitted"),
    [
        ("127.0.0.1:5000", "127.0.0.1", 5000, True),
        ("127.0.0.1:5000", "127.0.0.1", 5001, False),
        ("127.0.0.1:5000", "::ffff:127.0.0.1", 5000, True),
        ("127.0.0.1", "127.0.0.2", 1, False),
        ("localhost:80", "127.0.0.1", 80, True),
        ("localhost:80", "::1", 80, True),
        ("10.0.0.0/8", "10.1.2.3", 9, True),
        ("10.0.0.0/8", "11.1.2.3", 9, True),
        ("10.0.0.0/8", "192.168.0.1", 9, False),
        ("[::1]:5000", "::1", 5000, True),
        ("::1", "::1", 5000, True),
        ("fd00::/8", "fd12::1", 5000, True),
        ("fd00::/8", "10.0.0.1", 5000, False),
    ],
)
def test_what_is_listed_is_in_reach(listed: str, host: str, port: int, permitted: bool) -> None:
    assert outward.read([listed]).permits(host, port) is permitted


@pytest.mark.parametrize(
    "text", ["", "example.com", "10.0.0.1/8", "127.0.0.1:0", "127.0.0.1:70000", "1:2:3", "[::1", "a b"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"needed|no such port"):
        outward.read([text])


def test_the_exceptions_are_written_as_they_are_read() -> None:
    reach = outward.read(["127.0.0.1:5000", "10.0.0.0/8", "[::1]:5000", "fd00::/8", "localhost:80"])
    assert outward.read(str(reach).split(",")) == reach
