"""Which items a PartiQL statement of DynamoDB's is about: the values of the partition key that it names.

What can't be told, a key in parentheses or after OR, is said to be one that no policy names: our own choice, so that
what a policy allows for some keys alone holds statements back, too.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html and
ql-reference.insert.html, ql-reference.update.html, ql-reference.delete.html there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

UNTOLD = "\0"
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|[\w.+-]+|[<>!]=|<>|\S""")
_VALUE = re.compile(r"'(?:[^']|'')*'|[+-]?[0-9][\w.+-]*|\?")
_BETWEEN = 3
"""Words of `a AND b` after BETWEEN."""
_AFTER = frozenset(("ORDER", "RETURNING"))
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")


def keys(params: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The values of the partition key `name` in a statement, as conditions have them; UNTOLD alone if it says none."""
    tokens = _filled(str(params.get("Statement") or ""), params.get("Parameters") or ())
    words = [one.upper() for one in tokens]
    if words[:1] == ["INSERT"]:
        found = list(_of_item(tokens, name))
    elif "WHERE" in words and not {"OR", "NOT"} & set(words):
        found = [value for one in _parts(_condition(tokens, words)) for value in _of_part(one, name)]
    else:
        found = []
    return tuple(dict.fromkeys(found)) or (UNTOLD,)


def _filled(statement: str, given: Sequence[Any]) -> list[str]:
    """The words of a statement, with its parameters in their places; a parameter that is neither text nor number
    stays a question mark."""
    left = iter(given)
    return [_said(next(left, None)) if one == "?" else one for one in _TOKEN.findall(statement)]


def _said(value: Any) -> str:
    if not isinstance(value, Mapping) or len(value) != 1:
        return "?"
    kind, said = next(iter(value.items()))
    return "'" + str(said).replace("'", "''") + "'" if kind in ("S", "N") else "?"


def _condition(tokens: Sequence[str], words: Sequence[str]) -> Sequence[str]:
    """What stands after WHERE; nothing where a BETWEEN has more than plain values."""
    start = words.index("WHERE") + 1
    end = next((place for place, one in enumerate(words) if place > start and one in _AFTER), len(words))
    between = [place for place, one in enumerate(words) if one == "BETWEEN"]
    return tokens[start:end] if all(words[place + 2 : place + 3] == ["AND"] for place in between) else ()


def _parts(tokens: Sequence[str]) -> Iterator[list[str]]:
    """The conditions that AND joins; that of a BETWEEN joins none."""
    part: list[str] = []
    bound = 0
    for one in tokens:
        bound = _BETWEEN if one.upper() == "BETWEEN" else bound - 1
        if one.upper() == "AND" and bound != 1:
            yield part
            part = []
        elif one != ";":
            part.append(one)
    yield part


def _of_part(part: Sequence[str], name: str) -> Iterator[str]:
    """Of one condition: `pk = 'a'`, `pk IN ['a', 'b']`; one that is not about the key, or not plainly, says nothing."""
    if len(part) < 3 or part[0] not in (name, f'"{name}"'):
        return
    values = list(part[2:3]) if part[1] == "=" and len(part) == 3 else []
    if part[1].upper() == "IN" and part[2] in ("[", "(") and part[-1] in ("]", ")"):
        values = [one for one in part[3:-1] if one != ","]
    yield from map(_plain, values)


def _of_item(tokens: Sequence[str], name: str) -> Iterator[str]:
    """Of `VALUE {'pk': 'a'}`, at its top."""
    depth = 0
    for place, one in enumerate(tokens):
        depth += (one in _OPEN) - (one in _CLOSE)
        if depth == 1 and tokens[place + 1 : place + 2] == [":"] and _plain(one) == name:
            yield _plain(tokens[place + 2]) if tokens[place + 3 : place + 4] in ([","], ["}"]) else UNTOLD


def _plain(said: str) -> str:
    """A value without its quotes."""
    if not _VALUE.fullmatch(said) or said == "?":
        return UNTOLD
    return said[1:-1].replace("''", "'") if said.startswith("'") else said
