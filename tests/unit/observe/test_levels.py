import pytest

from lambent.observe.levels import keeps_line, members_of


@pytest.mark.parametrize(
    ("level", "line", "kept"),
    [
        ("WARN", '{"level":"debug","msg":"m"}\n', False),
        ("WARN", '{"level":"ERROR","msg":"m"}\n', True),
        ("WARN", '{"level":"warning"}', True),
        ("FATAL", '{"level":"CRITICAL"}', True),
        ("FATAL", '{"level":"ERROR"}', False),
        ("DEBUG", '{"level":"TRACE"}', False),
        ("TRACE", '{"level":"TRACE"}', True),
        ("WARN", "no level: INFO\n", False),
        ("INFO", "no level: INFO\n", True),
        ("WARN", '{"level":"LOUD"}', False),
        ("INFO", '{"level":7}', True),
        ("WARN", '{"level":"ERROR"', False),
        ("WARN", '["level","ERROR"]', False),
    ],
)
def test_a_line_is_as_grave_as_it_says_and_else_info(level: str, line: str, kept: bool) -> None:
    assert keeps_line(level, line.replace("{", '{"timestamp":"2024-11-02T16:51:31.587199Z",', 1)) is kept


@pytest.mark.parametrize(
    ("time", "valid"),
    [
        ('"timestamp":"2024-11-02T16:51:31Z"', True),
        ('"timestamp":"2024-02-29t16:51:60.5+23:59"', True),
        ('"time":"2024-11-02 16:51:31.1-08:00"', True),
        ('"timestamp":"yesterday","time":"2024-11-02T16:51:31Z"', True),
        ('"timestamp":"2024-11-02T16:51:31"', False),
        ('"timestamp":"2023-02-29T16:51:31Z"', False),
        ('"timestamp":"2024-11-02T24:00:00Z"', False),
        ('"timestamp":"2024-11-02T16:51:61Z"', False),
        ('"timestamp":"2024-11-02T16:51Z"', False),
        ('"timestamp":"2024-11-02"', False),
        ('"timestamp":"2024-11-02T16:51:31+24:00"', False),
        ('"timestamp":"\u0662024-11-02T16:51:31Z"', False),
        ('"timestamp":1730566291', False),
        ('"when":"2024-11-02T16:51:31Z"', False),
    ],
)
def test_without_a_valid_timestamp_it_is_info_whatever_it_says(time: str, valid: bool) -> None:
    assert keeps_line("WARN", '{"level":"ERROR",' + time + "}") is valid
    assert keeps_line("INFO", '{"level":"DEBUG",' + time + "}") is not valid


def test_only_an_object_has_members() -> None:
    assert members_of('{"a":1}\n') == {"a": 1}
    assert members_of("{a}") is None
    assert members_of("text") is None
