"""What moto's process does in place of moto's own."""

import inspect
import json
import time
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from lambent.neighbour.bridges import cloudfront, iam, identity_pools
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


def test_moto_answers_for_one_account_s_policies_one_at_a_time() -> None:
    running: list[int] = []
    most: list[int] = []

    class IamResponse:
        def call_action(self) -> int:
            running.append(1)
            most.append(len(running))
            time.sleep(0.001)  # the others could come in
            running.pop()
            return 200

    responses = ModuleType("responses")
    responses.IamResponse = IamResponse  # type: ignore[attr-defined]
    iam.one_at_a_time(responses)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: IamResponse().call_action(), range(32))) == {200}
    assert max(most) == 1


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


def test_the_name_of_an_identity_pool_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.cognitoidentity import models

    own: Any = models.CognitoIdentityBackend
    monkeypatch.setattr(own, "update_identity_pool", own.update_identity_pool)  # put back at the end
    backend = own("us-east-1", "111111111111")
    pool = json.loads(backend.create_identity_pool("p", True, {}, "", [], [], [], {}))["IdentityPoolId"]
    more = {"allow_unauthenticated": True, "login_providers": None, "provider_name": None, "provider_arns": None}
    more |= {"identity_providers": None, "saml_providers": None, "tags": None}
    assert json.loads(backend.update_identity_pool(pool, "q", **more))["IdentityPoolName"] == "p", "moto does it by now"
    identity_pools.with_names(models)
    assert json.loads(backend.update_identity_pool(pool, "q", **more))["IdentityPoolName"] == "q"


def test_identity_pools_keep_their_roles() -> None:
    from moto.cognitoidentity import models, responses

    answers: Any = responses.CognitoIdentityResponse
    assert not hasattr(answers, "set_identity_pool_roles"), "moto knows them by now"
    identity_pools.with_roles(responses)
    backend = models.CognitoIdentityBackend("us-east-1", "111111111111")
    pool = json.loads(backend.create_identity_pool("p", True, {}, "", [], [], [], {}))["IdentityPoolId"]

    def call(operation: str, **said: object) -> Any:
        text = getattr(answers, operation)(SimpleNamespace(backend=backend, body=json.dumps(said)))
        return json.loads(text or "null")

    roles = {"authenticated": "arn:aws:iam::111111111111:role/r"}
    mappings = {"accounts.google.com": {"Type": "Token", "AmbiguousRoleResolution": "Deny"}}
    assert call("get_identity_pool_roles", IdentityPoolId=pool) == {"IdentityPoolId": pool}
    assert call("set_identity_pool_roles", IdentityPoolId=pool, Roles=roles, RoleMappings=mappings) is None
    kept = {"IdentityPoolId": pool, "Roles": roles, "RoleMappings": mappings}
    assert call("get_identity_pool_roles", IdentityPoolId=pool) == kept
    with pytest.raises(Exception, match=r"at 'roles' failed .* \(un\)\?authenticated"):
        call("set_identity_pool_roles", IdentityPoolId=pool, Roles={"admin": roles["authenticated"]})
    call("set_identity_pool_roles", IdentityPoolId=pool, Roles={})
    assert call("get_identity_pool_roles", IdentityPoolId=pool) == {"IdentityPoolId": pool}
    for operation in ("set_identity_pool_roles", "get_identity_pool_roles"):
        with pytest.raises(Exception, match="IdentityPool 'us-east-1:none' not found"):
            call(operation, IdentityPoolId="us-east-1:none", Roles={})
