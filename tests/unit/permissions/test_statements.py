"""The partition keys of PartiQL's statements.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
"""

from typing import Any

import pytest

from lambent.permissions.keys.statements import UNTOLD, keys


@pytest.mark.parametrize(
    ("statement", "given", "expected"),
    [
        ("SELECT * FROM t WHERE pk = 'a'", [], ("a",)),
        ("select v from \"t\" where \"pk\"='it''s' and sk > 3;", [], ("it's",)),
        ("SELECT * FROM t WHERE pk IN ['a', 'b']", [], ("a", "b")),
        ("SELECT * FROM t WHERE pk IN ('a', ?)", [{"S": "b"}], ("a", "b")),
        ("SELECT * FROM t WHERE sk BETWEEN 1 AND 2 AND pk = 7", [], ("7",)),
        ("SELECT * FROM t WHERE sk BETWEEN 'a' AND pk = 'mine'", [], (UNTOLD,)),
        ("SELECT * FROM t WHERE sk BETWEEN (1) AND pk = 'mine'", [], (UNTOLD,)),
        ("SELECT * FROM t WHERE pk = 'a' ORDER BY sk", [], ("a",)),
        ("DELETE FROM t WHERE pk = 'a' AND sk = 1 RETURNING ALL OLD *", [], ("a",)),
        ("UPDATE t SET a = ?, b = '?' WHERE pk = ?", [{"S": "x"}, {"N": "5"}], ("5",)),
        ("DELETE FROM t WHERE begins_with(sk, 'pk = ') AND pk = 'a'", [], ("a",)),
        ("SELECT * FROM t WHERE pk = 'a' AND pk = 'b'", [], ("a", "b")),
        ("SELECT * FROM t WHERE pk = 'a' OR pk = 'b'", [], (UNTOLD,)),
        ("SELECT * FROM t WHERE NOT pk = 'a'", [], (UNTOLD,)),
        ("SELECT * FROM t WHERE (pk = 'a')", [], (UNTOLD,)),
        ("SELECT * FROM t WHERE pk <> 'a'", [], (UNTOLD,)),
        ("SELECT * FROM t WHERE pk = sk", [], (UNTOLD,)),
        ("SELECT * FROM t WHERE pk = ?", [], (UNTOLD,)),
        ("SELECT * FROM t WHERE PK = 'a'", [], (UNTOLD,)),
        ("SELECT * FROM t WHERE x.pk = 'a'", [], (UNTOLD,)),
        ("SELECT * FROM t WHERE pk = 'a' || 'b'", [], (UNTOLD,)),
        ("SELECT * FROM t", [], (UNTOLD,)),
        ("INSERT INTO t VALUE {'pk': 'a', 'm': {'pk': 'b'}}", [], ("a",)),
        ("INSERT INTO t VALUE {'v': 'pk', 'pk': ?}", [{"S": "a"}], ("a",)),
        ("INSERT INTO t VALUE {'pk': 'a' , 'pk': 'b'}", [], ("a", "b")),
        ("INSERT INTO t VALUE {'pk': 'a' || 'b'}", [], (UNTOLD,)),
        ("INSERT INTO t VALUE ?", [{"M": {}}], (UNTOLD,)),
        ("", [], (UNTOLD,)),
    ],
)
def test_the_keys_that_a_statement_names(statement: str, given: list[Any], expected: tuple[str, ...]) -> None:
    assert keys({"Statement": statement, "Parameters": given}, "pk") == expected
