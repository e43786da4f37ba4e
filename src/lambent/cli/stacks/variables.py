"""The variables of serverless.yml: `${self:custom.table}`, `${opt:stage, 'dev'}`, `${file(more.yml):key}`.

Source: https://www.serverless.com/framework/docs/guides/variables
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambent.cli.errors import USAGE, CliError
from lambent.cli.stacks.app import read_document

INNERMOST = re.compile(r"\$\{([^${}]+)\}")
SOURCE = re.compile(r"\s*(self|opt|env|file|sls|aws|cf|ssm|s3|param|git|strToBool)\b\s*[:(]")
DEEPEST = 40
MOST_STEPS, MOST_TEXT = 200_000, 16 << 20
REFUSED = {
    "cf": "outputs of other stacks are not read: give the value with --param or as a default",
    "s3": "objects are not read",
    "git": "git is not asked",
    "strToBool": "write the value itself",
}


@dataclass(slots=True)
class Variables:
    """Resolves the variables of one service's document. `options` are those of the command line."""

    document: Mapping[str, Any]
    folder: Path
    options: Mapping[str, str]
    own: Mapping[str, str]
    params: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 0

    def value(self, said: Any, depth: int = 0) -> Any:
        """With all variables resolved. Raises CliError."""
        if depth > DEEPEST:
            raise CliError(f"the variable {said!r} leads back to itself", USAGE)
        self.steps += 1
        if self.steps > MOST_STEPS or (isinstance(said, str) and len(said) > MOST_TEXT):
            raise CliError(f"its variables unfold to more than {MOST_STEPS:,} values, or a text of 16 MB", USAGE)
        if isinstance(said, dict):
            return {str(self.value(key, depth + 1)): self.value(one, depth + 1) for key, one in said.items()}
        if isinstance(said, list):
            return [self.value(one, depth + 1) for one in said]
        return self._text(said, depth) if isinstance(said, str) and "${" in said else said

    def _text(self, said: str, depth: int) -> Any:
        for found in INNERMOST.finditer(said):
            if not SOURCE.match(found[1]):
                continue
            known = self._variable(found[1], depth)
            if found[0] == said:
                return known
            rest = said[: found.start()] + _shown(found[1], known) + said[found.end() :]
            return self.value(rest, depth + 1)
        return said

    def _variable(self, said: str, depth: int) -> Any:
        """The first of its sources that has something."""
        for part in _parts(said):
            if not SOURCE.match(part):
                return _literal(part)
            found = self._source(part, depth)
            if found is not None:
                return found
        raise CliError(f"the variable ${{{said}}} has no value: give it one, or a default", USAGE)

    def _source(self, said: str, depth: int) -> Any:
        kind, address = re.match(r"(\w+)\s*(.*)", said, re.S).groups()  # type: ignore[union-attr]
        address = address.lstrip(":").strip()
        readers: dict[str, Callable[[], Any]] = {
            "self": lambda: self._path(self.document, address, depth),
            "opt": lambda: self.options.get(address),
            "env": lambda: os.environ.get(address),
            "sls": lambda: self.own.get(address),
            "aws": lambda: self.own.get(f"aws:{address}"),
            "param": lambda: self._path(self.params, address, depth),
            "ssm": lambda: f"{{{{resolve:ssm:{address}}}}}",
            "file": lambda: self._file(address, depth),
        }
        if kind in REFUSED:
            raise CliError(f"${{{said}}}: {REFUSED[kind]}", USAGE)
        return readers[kind]()

    def _path(self, document: Any, dotted: str, depth: int) -> Any:
        found = document
        for key in filter(None, dotted.split(".")):
            found = self.value(found, depth + 1) if isinstance(found, str) else found
            if isinstance(found, list) and key.isdigit() and int(key) < len(found):
                found = found[int(key)]
            elif isinstance(found, dict):
                found = found.get(key)
            else:
                return None
        return self.value(found, depth + 1)

    def _file(self, said: str, depth: int) -> Any:
        match = re.fullmatch(r"\(\s*([^)]+?)\s*\)(?::(.*))?", said, re.S)
        if match is None:
            raise CliError(f"${{file{said}}} can't be read", USAGE)
        path = self.folder / match[1].strip("'\"")
        if not path.is_file():
            return None
        if path.suffix in (".js", ".cjs", ".mjs", ".ts"):
            raise CliError(f"{path}: variables from programs are not run: `serverless package` makes a template", USAGE)
        if path.suffix not in (".yml", ".yaml", ".json"):
            return path.read_text("utf-8").strip()
        return self._path(_document(path), match[2] or "", depth)


def _document(path: Path) -> Any:
    """A YAML or JSON file, which need not be a map."""
    text = path.read_text("utf-8")
    if text.lstrip().startswith(("-", "[")):
        import yaml

        return yaml.safe_load(text)
    return read_document(path, aliases=True)


def _parts(said: str) -> list[str]:
    """What stands between commas outside quotes and brackets."""
    return [one.strip() for one in re.findall(r"""(?:[^,'"(]|'[^']*'|"[^"]*"|\([^)]*\))+""", said)]


def _literal(said: str) -> Any:
    if said[:1] in "'\"":
        return said.strip("'\"")
    try:
        return json.loads(said)
    except ValueError:
        return said


def _shown(name: str, value: Any) -> str:
    if isinstance(value, dict | list):
        raise CliError(f"${{{name}}} is no text, and stands in one", USAGE)
    return json.dumps(value) if isinstance(value, bool) else str(value)
