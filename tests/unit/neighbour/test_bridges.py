"""What moto's process does in place of moto's own."""

import inspect
from types import SimpleNamespace
from typing import Any

import pytest

from lambent.neighbour.bridges import cloudfront, iam
from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.places import PLACES, Place


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_moto_has_what_is_replaced_where_it_is_replaced(place: Place) -> None:
    assert tuple(inspect.signature(place.current()).parameters) == place.parameters


def test_a_policy_without_a_version_is_as_good_as_on_aws() -> None:
    def former(_validator: Any) -> None:
        raise AssertionError

    validate = iam.validate_version(Gateway(""), former)
    validate(SimpleNamespace(_policy_json={"Statement": []}))
    with pytest.raises(AssertionError):
        validate(SimpleNamespace(_policy_json={"Version": "2008-10-17"}))


def test_users_have_boundaries() -> None:
    from moto.iam import models, responses

    assert not hasattr(models.User, "permissions_boundary"), "moto knows them by now"
    iam.bound_users(responses)
    iam.bound_users(responses)
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    user = models.User("111111111111", "us-east-1", "al")
    said: dict[str, str] = {"UserName": "al", "PermissionsBoundary": arn}
    answer: Any = SimpleNamespace(
        backend=SimpleNamespace(get_user=lambda _name: user, create_user=lambda *_, **__: user),
        region="us-east-1",
        _get_param=lambda name, default=None: said.get(name, default),
    )
    put: Any = vars(responses.IamResponse)["put_user_permissions_boundary"]
    delete: Any = vars(responses.IamResponse)["delete_user_permissions_boundary"]
    for operation in (put, responses.IamResponse.create_user):
        operation(answer)
        assert user.permissions_boundary["PermissionsBoundaryArn"] == arn  # type: ignore[attr-defined]
        delete(answer)
    with pytest.raises(Exception, match="does not have a permissions boundary"):
        delete(answer)
    said["PermissionsBoundary"] = "nothing"
    with pytest.raises(Exception, match="is invalid"):
        put(answer)


def test_a_distribution_is_kept_as_it_was_configured() -> None:
    from moto.cloudfront import models

    cloudfront.whole(models)
    origin: Any = models.Origin({"Id": "a", "DomainName": "b", "OriginAccessControlId": "E1"})
    assert origin.origin_access_control_id == "E1"
    functions = {"Quantity": 1, "Items": [{"FunctionARN": "arn", "EventType": "viewer-request"}]}
    said = {"TargetOriginId": "a", "ViewerProtocolPolicy": "allow-all", "FunctionAssociations": functions}
    behavior: Any = models.CacheBehaviour(said)
    assert (behavior.function_associations, behavior.forwarded_values) == (functions, None)
    assert models.ViewerCertificate({}).ssl_support_method is None
