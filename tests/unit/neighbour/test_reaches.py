"""The places of the installed moto that reach for functions, queues and logs of its own, against our list of them."""

from pathlib import Path

import moto
import pytest

from lambent.neighbour.bridges.places import PLACES
from lambent.neighbour.bridges.reaches import BRIDGED, REACHES, REFUSED, found
from lambent.neighbour.kept import KEPT


def test_every_place_of_moto_is_listed_and_every_listed_one_is_there() -> None:
    assert found(Path(moto.__file__).parent) == set(REACHES)


def test_what_is_refused_names_operations_that_exist() -> None:
    import botocore.session

    session = botocore.session.Session()
    for service, operation in KEPT:
        assert operation in session.get_service_model(service).operation_names, (service, operation)
    packages = {place.split(".")[1] for place, what in REACHES.items() if what == REFUSED}
    assert packages <= {service for service, _ in KEPT}


def test_what_is_bridged_is_in_a_module_that_is_changed() -> None:
    modules = {place.module.split(".")[1] for place in PLACES if place.module.startswith("moto.")}
    assert {place.split(".")[1] for place, what in REACHES.items() if what == BRIDGED} <= modules


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("from moto.sqs import sqs_backends\n", {"moto.x"}),
        ("def f():\n    from ..awslambda.utils import get_backend as g\n    g(1, 2)\n", {"moto.x.y:f"}),
        ("class C:\n    def f(self):\n        return get_backend('logs')\n", {"moto.x:C.f"}),
        ("class C:\n    def f(self):\n        return get_backend('kms')\n", set()),
        ("import boto3\ndef f():\n    return boto3.client('sqs')\n", {"moto.x:f"}),
        ("from moto.s3 import s3_backends\n", set()),
    ],
)
def test_a_place_is_seen_in_the_source(tmp_path: Path, source: str, places: set[str]) -> None:
    folder = tmp_path / "moto" / ("x" if any(".y" in place for place in places) else "")
    folder.mkdir(parents=True)
    (folder / ("y.py" if any(".y" in place for place in places) else "x.py")).write_text(source)
    assert found(tmp_path / "moto") == places
