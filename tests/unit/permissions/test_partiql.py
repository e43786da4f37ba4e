"""PartiQL statements name their table; what could be read in two ways names none."""

import pytest

from lambent.model.scope import Scope
from lambent.permissions import partiql, requests


@pytest.mark.parametrize(
    ("statement", "action", "table"),
    [
        ('SELECT * FROM "orders"', "PartiQLSelect", "orders"),
        ("select a, b.c[0] from orders where x = ?", "PartiQLSelect", "orders"),
        ('SELECT "from" FROM "a.b"."by" WHERE y = \'DELETE FROM z\' ORDER BY x', "PartiQLSelect", "a.b/index/by"),
        ('EXISTS(SELECT * FROM "orders" WHERE id = ?)', "PartiQLSelect", "orders"),
        ("INSERT INTO \"orders\" VALUE {'id': 'it''s'}", "PartiQLInsert", "orders"),
        ('UPDATE orders SET a = 1 REMOVE b WHERE id = \'1\' RETURNING ALL OLD *', "PartiQLUpdate", "orders"),
        ('DELETE FROM "orders" WHERE id = ?;', "PartiQLDelete", "orders"),
    ],
)  # fmt: skip
def test_a_statement_needs_its_verb_on_its_table(statement: str, action: str, table: str) -> None:
    [right] = requests.rights("dynamodb", "dynamodb", "ExecuteStatement", {"Statement": statement}, Scope())
    assert right.action == f"dynamodb:{action}"
    assert right.resource == f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"


@pytest.mark.parametrize(
    "statement",
    [
        'SELECT * FROM "ok", secret',
        "SELECT * FROM ok FROM secret",
        "SELECT * FROM ok WHERE a IN (SELECT b FROM secret)",
        "SELECT /* x */ * FROM secret",
        "SELECT * FROM ok -- secret",
        "SELECT * FROM ok JOIN secret",
        "SELECT * FROM ok AS x",
        "UPDATE ok SET a = 1; DELETE FROM secret WHERE b = 1",
        "DROP TABLE secret",
        "",
    ],
)
def test_what_can_be_read_otherwise_is_not_told(statement: str) -> None:
    assert not partiql.is_told("dynamodb", "ExecuteStatement", {"Statement": statement})


def test_each_statement_of_several_counts() -> None:
    good, bad = {"Statement": "SELECT * FROM a"}, {"Statement": "SELECT * FROM a, b"}
    assert [
        (action, {"TableName": about["TableName"]})
        for action, about in partiql.needed("BatchExecuteStatement", {"Statements": [good, good]})
    ] == [("dynamodb:PartiQLSelect", {"TableName": "a"})] * 2
    assert not partiql.is_told("dynamodb", "ExecuteTransaction", {"TransactStatements": [good, bad]})
    assert partiql.is_told("dynamodb", "GetItem", {"TableName": "a"})


def test_statements_of_another_service_are_its_own() -> None:
    assert partiql.is_told("rds-data", "ExecuteStatement", {"sql": "select 1"})
