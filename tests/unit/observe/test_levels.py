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
    assert keeps_line(level, line) is kept


def test_only_an_object_has_members() -> None:
    assert members_of('{"a":1}\n') == {"a": 1}
    assert members_of("{a}") is None
    assert members_of("text") is None
