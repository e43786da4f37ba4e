"""What moto holds as bytes, and those bytes as what it held. A part of moto's process alone: nobody else reads them.

Reading finds moto's own classes and functions and some plain ones, nothing that starts, opens or reaches anything:
bytes that somebody else wrote are held by this, by the guard and by the sandbox.
"""

import enum
import functools
import importlib
import io
import pickle
import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any

HERE = __name__
PLAIN: Mapping[str, frozenset[str]] = {
    "builtins": frozenset(
        {
            *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "range"),
            *("set", "slice", "str", "tuple"),
        }
    ),
    "collections": frozenset({"Counter", "OrderedDict", "defaultdict", "deque"}),
    "copyreg": frozenset({"_reconstructor"}),
    "datetime": frozenset({"date", "datetime", "time", "timedelta", "timezone"}),
    "dateutil.tz.tz": frozenset({"tzlocal", "tzoffset", "tzutc"}),
    "decimal": frozenset({"Decimal"}),
    "ipaddress": frozenset({"IPv4Address", "IPv4Interface", "IPv4Network", "IPv6Address", "IPv6Network"}),
    "joserfc._rfc7517.models": frozenset({"NativeKeyBinding"}),
    "joserfc._rfc7518.ec_key": frozenset({"ECBinding", "ECKey"}),
    "joserfc._rfc7518.rsa_key": frozenset({"RSABinding", "RSAKey"}),
    "requests.structures": frozenset({"CaseInsensitiveDict"}),
    "types": frozenset({"SimpleNamespace"}),
    "uuid": frozenset({"SafeUUID", "UUID"}),
}
"""Module -> what of it may be made."""
LOCK, RLOCK = type(threading.Lock()), type(threading.RLock())
Backend = tuple[str, str, str, str]
"""Where a backend is: the module and the name of its BackendDict, account, region."""


class Writer(pickle.Pickler):
    """Writes what backends hold; another backend is a reference (`backends`: by id). `classes` has what was written."""

    def __init__(self, file: io.BytesIO, backends: Mapping[int, Backend]) -> None:
        super().__init__(file, 5)
        self._backends = backends
        self.classes: set[type] = set()

    def reducer_override(self, value: Any) -> Any:
        """Called for all but plain values. Raises PicklingError for what can't be kept."""
        if id(value) in self._backends:
            return backend, self._backends[id(value)]
        if isinstance(value, type):
            if value.__module__.startswith("moto."):
                self.classes.add(value)
            return NotImplemented
        kind: Any = type(value)
        rule = _RULES.get(kind) or _special(kind)
        return rule(value) if rule is not None else NotImplemented


class Reader(pickle.Unpickler):
    """Reads what `Writer` wrote. `classes` has what was made."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.classes: set[type] = set()

    def find_class(self, module: str, name: str) -> Any:
        """Raises UnpicklingError for what may not be made, ImportError or AttributeError for what moto has no more."""
        if module == HERE and name in _CALLED:
            return globals()[name]
        ours = module.startswith("moto.")
        if not ours and name not in PLAIN.get(module, ()):
            raise pickle.UnpicklingError(f"{module}.{name} may not be made")
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        if ours and not found.__module__.startswith("moto."):
            raise pickle.UnpicklingError(f"{module}.{name} is not moto's")
        if ours and isinstance(found, type):
            self.classes.add(found)
        return found


def fields(made: type) -> list[str]:
    """The names that a class's own `__init__` sets or calls: another moto's tell whether it knows what was kept."""
    code = getattr(vars(made).get("__init__"), "__code__", None)
    return sorted(code.co_names) if code is not None else []


def backend(module: str, name: str, account: str, region: str) -> Any:
    """One of moto's, made when it is not there. Raises UnpicklingError."""
    return backends(module, name)[account][region]


def backends(module: str, name: str) -> Any:
    """All accounts' of a service. Raises UnpicklingError."""
    from moto.core.base_backend import BackendDict

    found = getattr(importlib.import_module(module), name, None) if module.startswith("moto.") else None
    if not isinstance(found, BackendDict):
        raise pickle.UnpicklingError(f"moto has no {module}.{name}")
    return found


def lock(again: bool) -> Any:
    """One that nobody holds: whoever did is gone."""
    return threading.RLock() if again else threading.Lock()


def event(is_set: bool) -> threading.Event:
    """As it was."""
    made = threading.Event()
    if is_set:
        made.set()
    return made


def condition() -> threading.Condition:
    """One that nobody waits for."""
    return threading.Condition()


def thread() -> None:
    """None is left."""


def method(owner: Any, name: str) -> Any:
    """A bound one of an object of moto's. Raises UnpicklingError."""
    found = getattr(owner, name, None)
    if not isinstance(found, MethodType) or not type(owner).__module__.startswith("moto."):
        raise pickle.UnpicklingError(f"{name} is no method of moto's")
    return found


def local(module: str, name: str, place: int) -> Any:
    """A function that moto makes inside another one: the `place`th there of that name. Raises UnpicklingError."""
    outer, _, last = name.rpartition(".<locals>.")
    if not module.startswith("moto.") or "<locals>" in outer:
        raise pickle.UnpicklingError(f"{module}.{name} may not be made")
    owner: Any = functools.reduce(getattr, outer.split("."), importlib.import_module(module))
    found = _inner(owner, last)[place : place + 1]
    if not found or found[0].co_freevars:
        raise pickle.UnpicklingError(f"moto has no {module}.{name}")
    return FunctionType(found[0], owner.__globals__, last)


def mapping(kind: type, factory: Any) -> Any:
    """An empty dictionary of a kind of moto's whose `__init__` wants to know more. Raises UnpicklingError."""
    if not issubclass(kind, defaultdict):
        raise pickle.UnpicklingError(f"{kind.__name__} is no dictionary")
    made = kind.__new__(kind)
    made.default_factory = factory
    return made


def private_key(content: bytes) -> Any:
    """A key of cryptography's, which was checked when it was made."""
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(content, None, unsafe_skip_rsa_key_validation=True)


def public_key(content: bytes) -> Any:
    """A key of cryptography's."""
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    return load_der_public_key(content)


def certificate(content: bytes) -> Any:
    """A certificate of cryptography's."""
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(content)


def request(content: bytes) -> Any:
    """A certificate's signing request of cryptography's."""
    from cryptography.x509 import load_der_x509_csr

    return load_der_x509_csr(content)


def pattern(text: Any, flags: int) -> Any:
    """A regular expression."""
    import re

    return re.compile(text, flags)


_CALLED = frozenset(
    {
        *("backend", "backends", "mapping", "lock", "event", "condition", "thread", "method", "local"),
        *("private_key", "public_key", "certificate", "request", "pattern"),
    }
)


def _function(value: Any) -> Any:
    if "<locals>" not in value.__qualname__:
        return NotImplemented
    if value.__closure__ or not value.__module__.startswith("moto."):
        raise pickle.PicklingError(f"{value.__module__}.{value.__qualname__} holds on to something")
    outer, _, last = value.__qualname__.rpartition(".<locals>.")
    owner: Any = functools.reduce(getattr, outer.split("."), importlib.import_module(value.__module__))
    return local, (value.__module__, value.__qualname__, _inner(owner, last).index(value.__code__))


def _inner(owner: Any, name: str) -> list[CodeType]:
    consts = owner.__code__.co_consts
    return [one for one in consts if isinstance(one, CodeType) and one.co_name == name]


def _backends(value: Any) -> Any:
    from lambent.neighbour.memory.inside import place_of

    return backends, place_of(value)


@functools.cache
def _special(kind: Hashable) -> Callable[[Any], Any] | None:
    """For what is known by a class above its own: found once for each class."""
    assert isinstance(kind, type)
    names = {f"{one.__module__}.{one.__qualname__}" for one in kind.__mro__}
    if issubclass(kind, defaultdict) and kind is not defaultdict:
        return lambda value: (mapping, (kind, value.default_factory), vars(value), None, iter(value.items()))
    if issubclass(kind, threading.Thread):
        return lambda _value: (thread, ())
    if issubclass(kind, enum.Enum):
        return lambda value: (kind, (value.value,))  # Python 3.11.2 takes getattr for that, which is not read
    if "moto.core.base_backend.BackendDict" in names:
        return _backends
    return _cryptographic(kind)


def _cryptographic(kind: type) -> Callable[[Any], Any] | None:
    if not kind.__module__.startswith("cryptography."):
        return None
    from cryptography.hazmat.primitives import serialization as form

    der, raw = form.Encoding.DER, form.NoEncryption()
    if kind.__name__.endswith("PrivateKey"):
        return lambda value: (private_key, (value.private_bytes(der, form.PrivateFormat.PKCS8, raw),))
    if kind.__name__.endswith("PublicKey"):
        public = form.PublicFormat.SubjectPublicKeyInfo
        return lambda value: (public_key, (value.public_bytes(der, public),))
    made = {"Certificate": certificate, "CertificateSigningRequest": request}.get(kind.__name__)
    return (lambda value: (made, (value.public_bytes(der),))) if made else None


def _pattern_type() -> type:
    import re

    return re.Pattern


_RULES: Mapping[type, Callable[[Any], Any]] = {
    LOCK: lambda _value: (lock, (False,)),
    RLOCK: lambda _value: (lock, (True,)),
    threading.Event: lambda value: (event, (value.is_set(),)),
    threading.Condition: lambda _value: (condition, ()),
    MethodType: lambda value: (method, (value.__self__, value.__name__)),
    FunctionType: _function,
    _pattern_type(): lambda value: (pattern, (value.pattern, value.flags)),
}
