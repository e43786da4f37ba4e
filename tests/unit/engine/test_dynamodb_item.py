"""How large an item is."""

from typing import Any

import pytest

from lambent.engine.dynamodb_item import item_size


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"my_partition_key": {"S": "hello world"}}, 27),
        ({"my_partition_key": {"S": "hello world"}, "binary_key": {"B": "Zm9vYmFy"}}, 43),
        ({"my_partition_key": {"S": "testId0"}, "should_fail": {"BOOL": False}}, 35),
        ({"n": {"N": "27"}}, 3),
        ({"n": {"N": "-27.5"}}, 5),
        ({"l": {"L": [{"S": "a"}, {"NULL": True}]}}, 1 + 3 + 2 + 2),
        ({"m": {"M": {"a": {"S": "b"}}}}, 1 + 3 + 1 + 2),
        ({"s": {"SS": ["a", "bc"]}}, 4),
    ],
)
def test_sizes(item: Any, size: int) -> None:
    assert item_size(item) == size
