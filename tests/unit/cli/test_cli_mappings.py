"""The lines of `lambent mappings`."""

from lambent.cli import output
from lambent.cli.mappings import row

ONE = {
    "UUID": "u",
    "State": "Enabled",
    "EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:orders",
    "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f:live",
}


def test_a_mapping_that_is_read() -> None:
    figures = {"InFlight": 2, "Behind": 17, "LastResult": "OK"}
    assert row({**ONE, **figures}) == ("u", "Enabled", "sqs:orders", "f:live", "2", "17", "OK")


def test_one_that_nothing_reads_has_no_figures() -> None:
    assert row(ONE)[4:] == ("-", "-", "not read here")


def test_those_of_the_account_and_region_alone(cli, fake):
    fake.mappings = [
        ONE,
        {**ONE, "UUID": "elsewhere", "FunctionArn": "arn:aws:lambda:eu-west-1:000000000000:function:f"},
        {**ONE, "UUID": "others", "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:f"},
    ]
    assert [line.split()[0] for line in cli("mappings").stdout.splitlines()] == ["UUID", "u"]
    assert "elsewhere" in cli("mappings", "--region", "eu-west-1").stdout
    assert "no mappings in this account and region" in cli("mappings", "--region", "eu-west-2").stderr


def test_a_table_has_no_blanks_at_its_lines_ends(cli, fake):
    """They made `doctor` hundreds of columns wide in files and pipes."""
    fake.mappings = [{**ONE, "LastResult": "OK"}, {**ONE, "LastResult": "PROBLEM: Function call failed"}]
    assert [line for line in cli("mappings").stdout.splitlines() if line != line.rstrip()] == []


def test_what_was_found_and_what_helps_are_two_sentences():
    found = {"resource": "arn", "message": "it can't reach the internet: no tun", "hint": "`lambent doctor` says why"}
    assert output.in_one_line(found) == "arn: it can't reach the internet: no tun. `lambent doctor` says why"
    assert output.in_one_line({**found, "message": "Stored.", "hint": ""}) == "arn: Stored."
