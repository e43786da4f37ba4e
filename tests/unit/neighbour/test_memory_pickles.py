"""What moto holds as bytes and back; and what such bytes may not do."""

import enum
import io
import pickle
import re
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from moto.core.base_backend import BackendDict
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend, secretsmanager_backends
from moto.ssm.models import SimpleSystemManagerBackend, ssm_backends

from lambent.neighbour.memory import inside, pickles

ACCOUNT, REGION = "000000000000", "us-east-1"


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    BackendDict.reset()


def again(value: Any) -> Any:
    file = io.BytesIO()
    pickles.Writer(file, {}).dump(value)
    file.seek(0)
    return pickles.Reader(file).load()


def secrets() -> SecretsManagerBackend:
    return secretsmanager_backends[ACCOUNT][REGION]


def make_secret() -> None:
    secrets().create_secret("s", "x", b"", "", [], None, "", [], False)


def test_a_service_holds_again_what_it_held_when_it_was_saved() -> None:
    make_secret()
    ssm: SimpleSystemManagerBackend = ssm_backends[ACCOUNT][REGION]
    ssm.put_parameter("/a", "", "v", "String", "", "", False, [], "text", None, None)
    kept = [inside.save(name) for name in ("secretsmanager", "ssm")]
    BackendDict.reset()
    assert [inside.load(one) for one in kept] == [{"interrupted": 0}] * 2
    assert secrets().get_secret_value("s", "", "")["SecretString"] == "x"
    assert ssm_backends[ACCOUNT][REGION].get_parameter("/a").value == "v"
    ssm_backends[ACCOUNT][REGION].put_parameter("/b", "", "v", "String", "", "", False, [], "text", None, None)


def test_locks_events_threads_and_patterns_are_new_ones() -> None:
    event, lock = threading.Event(), threading.Lock()
    event.set()
    lock.acquire()
    made = again([event, lock, threading.RLock(), threading.Thread(), threading.Condition(), re.compile("a", re.I)])
    assert made[0].is_set() and made[1].acquire(blocking=False) and made[2].acquire() and made[3] is None
    assert made[5].match("A")


def test_members_of_enums_are_read_again_whatever_python_would_write(monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.stepfunctions.parser.api import ExecutionStatus

    as_of_3_11_2 = lambda self, _protocol: (getattr, (self.__class__, self.name))  # noqa: E731
    monkeypatch.setattr(enum.Enum, "__reduce_ex__", as_of_3_11_2)
    held = [ExecutionStatus.RUNNING, uuid.uuid4()]
    assert again(held) == held


def test_keys_are_the_same() -> None:
    for key in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1())):
        assert again(key).private_numbers() == key.private_numbers()
        assert again(key.public_key()).public_numbers() == key.public_key().public_numbers()
    edwards = ed25519.Ed25519PrivateKey.generate()
    assert again(edwards).private_bytes_raw() == edwards.private_bytes_raw()


def test_another_backend_is_the_one_that_is_there() -> None:
    found = secrets()
    file = io.BytesIO()
    pickles.Writer(file, inside._backends()).dump([found])
    file.seek(0)
    assert pickles.Reader(file).load()[0] is found


def test_a_function_that_holds_on_to_something_is_not_written() -> None:
    def outer(value: int) -> Any:
        return lambda: value

    with pytest.raises(pickle.PicklingError, match="holds on to something"):
        again(outer(1))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("subprocess", "Popen"),
        ("moto.core.models", "os.system"),
        ("moto.settings", "os.popen"),
        (pickles.__name__, "importlib.import_module"),
        (pickles.__name__, "Reader"),
    ],
)
def test_nothing_else_is_found(module: str, name: str) -> None:
    with pytest.raises(pickle.UnpicklingError):
        pickles.Reader(io.BytesIO()).find_class(module, name)


def test_local_functions_and_methods_are_moto_s_alone() -> None:
    for ask in (
        lambda: pickles.local("os", "walk.<locals>.x", 0),
        lambda: pickles.local("moto.ssm.models", "SimpleSystemManagerBackend.__init__.<locals>.none", 0),
        lambda: pickles.method(threading.Event(), "wait"),
        lambda: pickles.mapping(dict, None),
        lambda: pickles.backends("moto.core.base_backend", "BackendDict"),
        lambda: pickles.backends("os", "environ"),
    ):
        with pytest.raises(pickle.UnpicklingError):
            ask()


def test_another_moto_whose_classes_know_more_does_not_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    make_secret()
    kept = inside.save("secretsmanager")
    BackendDict.reset()
    monkeypatch.setattr(inside, "_moto", lambda: "99.0")
    inside.load(kept)
    BackendDict.reset()
    real = pickles.fields
    monkeypatch.setattr(pickles, "fields", lambda made: [*real(made), *(["colour"] if made is FakeSecret else [])])
    with pytest.raises(pickle.UnpicklingError, match=r"FakeSecret is another one in moto 99\.0"):
        inside.load(kept)
    assert not secrets().secrets
