"""Every service has one descriptor, in its folder, and a line in the table."""

from pathlib import Path

import botocore.session

from lambent.services import table

FOLDERS = {path.parent.name for path in Path(table.__file__).parent.glob("*/service.py")}


def test_every_folder_of_a_service_has_a_descriptor_in_the_table() -> None:
    folders = {path.parent.name for path in Path(table.__file__).parent.glob("*/__init__.py")}
    assert folders == FOLDERS
    assert {name.lower() for name in vars(table) if name.isupper()} - {"answered", "connections", "iot_data"} == {
        name.rstrip("_") for name in FOLDERS
    }
    assert len(table.ANSWERED) == len(FOLDERS) + 2, "API Gateway's connections and IoT's data have names of their own"


def test_names_and_operations_are_those_of_the_models() -> None:
    session = botocore.session.Session()
    for one in table.ANSWERED:
        known = set(session.get_service_model(one.name).operation_names)
        assert set(one.operations) <= known
        assert set(one.refused) <= known - set(one.operations), "a reason for refusing what is not refused"
