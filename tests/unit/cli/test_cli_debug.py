import base64
import json

import pytest


@pytest.fixture(autouse=True)
def token(fake, tmp_path):
    """The server's data folder, with its token."""
    fake.health["data_dir"] = str(tmp_path)
    (tmp_path / "token").write_text("secret")


def told(*documents):
    return 200, {}, "".join(json.dumps(one) + "\n" for one in documents).encode()


def answer(payload=b'{"ok": true}', **changes):
    said = {"status_code": 200, "function_error": None, "executed_version": "$LATEST", "request_id": "req-2"}
    return (
        said | {"payload": base64.b64encode(payload).decode(), "log": base64.b64encode(b"REPORT\n").decode()} | changes
    )


WAITING = {"waiting": "127.0.0.1:5678"}


def test_it_waits_and_answers_as_a_plain_invoke(cli, fake):
    fake.debugged = told(WAITING, answer())
    result = cli("invoke", "hello", "--debug", "5678", "--qualifier", "live", "-p", '{"a":  "é"}')
    assert (result.stdout, result.stderr) == ('{"ok": true}\n', "waiting for a debugger on 127.0.0.1:5678\n")
    sent = {"account": "000000000000", "region": "us-east-1", "function": "hello", "qualifier": "live"}
    assert fake.debug == [("secret", sent | {"port": 5678, "payload": '{"a":  "é"}'})]
    assert fake.invocations == []


def test_errors_log_and_json_are_those_of_invoke(cli, fake):
    fake.debugged = told(WAITING, answer(b'{"errorType": "X"}', function_error="Unhandled"))
    result = cli("invoke", "hello", "--debug", "5678", "--log", code=3)
    assert result.stderr.splitlines()[1:] == ["REPORT", "error: the function failed (Unhandled): X"]
    document = json.loads(cli("invoke", "hello", "--debug", "5678", "--json", code=3).stdout)
    assert (document["payload"], document["request_id"]) == ({"errorType": "X"}, "req-2")


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ((400, {}, b'{"message": "port 5678 on 127.0.0.1 is in use"}'), "port 5678 on 127.0.0.1 is in use"),
        (told(WAITING, {"failed": "Lambent failed on this request"}), "Lambent failed on this request"),
        (told(WAITING), "closed the connection before the function answered: is Lambent still up?"),
        ((200, {}, b"<html>\n"), "is not Lambent"),
    ],
)
def test_what_goes_wrong_is_one_line(cli, fake, said, line):
    fake.debugged = said
    result = cli("invoke", "hello", "--debug", "5678", code=1)
    assert line in result.stderr.splitlines()[-1]
    assert result.stdout == ""


def test_wrong_use(cli, fake):
    cli("invoke", "hello", "--debug", "5678", "--async", code=2)
    cli("invoke", "hello", "--debug", "0", code=2)
    cli("invoke", "hello", "--debug", "65536", code=2)
    assert fake.debug == []


def test_who_may_not_read_the_token_is_told(cli, tmp_path):
    (tmp_path / "token").unlink()
    assert "--debug is for the user who runs the server" in cli("invoke", "hello", "--debug", "5678", code=1).stderr
