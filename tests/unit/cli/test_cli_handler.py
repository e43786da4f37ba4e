import pytest

from lambent.cli import handler, package
from lambent.cli.errors import CliError

GOOD = "def handler(event, context):\n    return 1\n"


def refusal(make, source, name="app.handler", runtime="python3.11"):
    with pytest.raises(CliError) as caught:
        handler.check(package.load(make({"app.py": source})), name, runtime)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        GOOD,
        GOOD + "x = '\\d'",
        "handler = lambda event, context: 1",
        "from lib import handler",
        "import lib as handler",
        "from lib import *",
        "def __getattr__(name): ...",
        "globals()['handler'] = print",
        "try:\n    from a import handler\nexcept ImportError:\n    handler = None",
        "if True:\n    def handler(event, context): ...",
        "def make():\n    global handler\n    handler = print",
        "class handler:\n    def __init__(self, event, context): ...",
        "@wrap\nasync def handler(event): ...",
        "async def handler(event, context): ...\nhandler = wrap(handler)",
        "def handler(*args): ...",
        "def handler(event, context, more=1, *, other=2): ...",
        "def handler(event, context=None): ...",
        "with x as handler: ...",
        "(handler := print)",
        "# -*- coding: latin-1 -*-\n# \xe9\n" + GOOD,
    ],
)
def test_what_passes(make, source):
    encoded = source.encode("latin-1" if "latin-1" in source else "utf-8")
    handler.check(package.load(make({"app.py": encoded})), "app.handler", "python3.11")


@pytest.mark.parametrize("name", ["pkg.mod.handler", "pkg/mod.handler", "pkg.handler"])
def test_modules_in_packages(make, name):
    folder = make({"pkg/__init__.py": GOOD, "pkg/mod.py": GOOD})
    handler.check(package.load(folder), name, "python3.11")


def test_compiled_modules_pass(make):
    folder = make({"fast.cpython-311-x86_64-linux-gnu.so": b"\x7fELF", "old.pyc": b""})
    handler.check(package.load(folder), "fast.handler", "python3.11")
    handler.check(package.load(folder), "old.handler", "python3.11")


def test_refusals(make):
    assert "module.function is needed" in refusal(make, GOOD, "handler")
    assert "nope.py is not in the package" in refusal(make, GOOD, "nope.handler")
    assert "app.py has no function 'handle' (did you mean handler?)" in refusal(make, GOOD, "app.handle")
    assert "app.py:2: syntax error" in refusal(make, "x = 1\ndef handler(:\n")
    assert "is async" in refusal(make, "async def handler(event, context): ...")
    assert "can't be called with (event, context)" in refusal(make, "def handler(event): ...")
    assert "can't be called" in refusal(make, "def handler(a, b, c): ...")
    assert "can't be called" in refusal(make, "def handler(a, b, *, c): ...")
    assert "no function" in refusal(make, "def other():\n    handler = 1\n")
    assert "app.py" in refusal(make, "x = '\0'")


def test_zipped_with_its_folder(make):
    folder = make({"src/app.py": GOOD})
    with pytest.raises(CliError, match=r"there is src/app.py: package the contents of its folder"):
        handler.check(package.load(folder), "app.handler", "python3.11")


def test_a_handler_that_lambda_could_not_read(make):
    folder = make({"app.py": GOOD})
    (folder / "app.py").chmod(0o600)
    with pytest.raises(CliError, match="chmod a\\+r"):
        handler.check(package.load(folder), "app.handler", "python3.11")


def test_syntax_of_a_newer_python_is_not_judged(make):
    folder = make({"app.py": "type X = int\n!" + GOOD})
    handler.check(package.load(folder), "app.handler", "python3.99")


def test_find(make):
    assert handler.find(package.load(make({"app.py": GOOD, "main.py": GOOD}))) == "app.handler"
    both = {"app.py": GOOD, "lambda_function.py": "def lambda_handler(event, context): ..."}
    assert handler.find(package.load(make(both, "both"))) == "lambda_function.lambda_handler"
    with pytest.raises(CliError, match="--handler"):
        handler.find(package.load(make({"x.py": GOOD}, "none")))
