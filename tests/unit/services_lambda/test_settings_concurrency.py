"""Reserved and provisioned concurrency: what is stored, refused and made effective."""

from plane import HERE, Plane
from settings_answers import ARN, Recorded, function

ELSEWHERE = HERE._replace(region="eu-west-1")


def test_the_life_of_a_reservation(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_lambda_concurrency_crud")
        await function(plane)
        one = {"FunctionName": "f"}
        await said("get_function_concurrency_default", "GetFunctionConcurrency", **one)
        await said("put_function_concurrency", "PutFunctionConcurrency", **one, ReservedConcurrentExecutions=0)
        assert plane.concurrency["f"] == (0, {})
        await said("get_function_concurrency_updated", "GetFunctionConcurrency", **one)
        for _ in range(2):
            await plane.call("DeleteFunctionConcurrency", **one)
        assert plane.concurrency["f"] == (None, {})
        await said("get_function_concurrency_deleted", "GetFunctionConcurrency", **one)

    stage(scene)


def test_get_function_shows_the_reservation(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane)
        assert "Concurrency" not in await plane.call("GetFunction", FunctionName="f")
        await plane.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=3)
        found = await plane.call("GetFunction", FunctionName="f")
        assert found["Concurrency"] == {"ReservedConcurrentExecutions": 3}

    stage(scene)


def test_reservations_that_are_refused(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_function_concurrency_exceptions")
        await function(plane, version=True)
        put, some = "PutFunctionConcurrency", {"ReservedConcurrentExecutions": 1}
        missing = "put_function_concurrency_with_function_name_doesnotexist"
        await said.refused(missing, put, FunctionName="doesnotexist", **some)
        many = {"ReservedConcurrentExecutions": 1_000_000}
        await said.refused(f"{missing}_and_invalid_concurrency", put, FunctionName="doesnotexist", **many)
        qualified = "put_function_concurrency_with_qualified_arn"
        for qualifier in ("1", "$LATEST"):
            await said.refused(qualified, put, FunctionName=f"{ARN}f:{qualifier}", **some)
        said = Recorded(plane, "test_ops_on_nonexisting_fn[get_function_concurrency]")
        await said.refused("not_found_exception", "GetFunctionConcurrency", FunctionName="doesnotexist")

    stage(scene)


def test_a_hundred_are_left_to_everybody(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_function_concurrency_limits")
        await function(plane)
        await function(plane, "g")
        put = "PutFunctionConcurrency"
        most = {"FunctionName": "f", "ReservedConcurrentExecutions": 1001}
        await said.refused("put_function_concurrency_account_limit_exceeded", put, **most)
        most["ReservedConcurrentExecutions"] = 901
        await said.refused("put_function_concurrency_below_unreserved_min_value", put, **most)
        most["ReservedConcurrentExecutions"] = 900
        for _ in range(2):  # its own reservation is no obstacle
            await plane.call(put, **most)
        assert await _unreserved(plane) == 100
        await plane.refused(put, FunctionName="g", ReservedConcurrentExecutions=1)
        await plane.call(put, FunctionName="g", ReservedConcurrentExecutions=0)
        assert (await plane.call("GetAccountSettings", ELSEWHERE))["AccountLimit"][
            "UnreservedConcurrentExecutions"
        ] == 1000
        await plane.call("DeleteFunction", FunctionName="f")
        assert plane.concurrency["f"] == (None, {})
        assert await _unreserved(plane) == 1000

    stage(scene)


async def _unreserved(plane: Plane) -> int:
    return (await plane.call("GetAccountSettings"))["AccountLimit"]["UnreservedConcurrentExecutions"]


def test_the_life_of_a_provisioned_concurrency_config(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_provisioned_concurrency")
        await function(plane, version=True)
        one = {"FunctionName": "f", "Qualifier": "1"}
        await said("put_provisioned_5", "PutProvisionedConcurrencyConfig", **one, ProvisionedConcurrentExecutions=5)
        await said("get_provisioned_prewait", "GetProvisionedConcurrencyConfig", **one)
        await plane.settle()
        ready = await said("get_provisioned_postwait", "GetProvisionedConcurrencyConfig", **one)
        listed = await plane.call("ListProvisionedConcurrencyConfigs", FunctionName="f")
        assert listed == {"ProvisionedConcurrencyConfigs": [{"FunctionArn": f"{ARN}f:1", **ready}]}
        assert plane.concurrency["f"] == (None, {"1": 5})
        assert plane.findings == []
        assert await _unreserved(plane) == 995
        await plane.call("DeleteProvisionedConcurrencyConfig", **one)
        assert (plane.concurrency["f"], plane.findings) == ((None, {}), [])

    stage(scene)


def test_provisioned_concurrency_of_an_alias_is_its_versions(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane, version=True)
        await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
        put = {"FunctionName": "f", "ProvisionedConcurrentExecutions": 2}
        await plane.call("PutProvisionedConcurrencyConfig", **put, Qualifier="live")
        assert plane.concurrency["f"] == (None, {"1": 2})
        fault = await plane.refused("PutProvisionedConcurrencyConfig", **put, Qualifier="1")
        assert fault.message == "Version is pointed by a Provisioned Concurrency alias"
        await plane.call("CreateAlias", FunctionName="f", Name="second", FunctionVersion="1")
        fault = await plane.refused("PutProvisionedConcurrencyConfig", **put, Qualifier="second")
        assert fault.message.startswith("Alias can't be used for Provisioned Concurrency")
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
        await plane.settle()
        await plane.call("PublishVersion", FunctionName="f")
        await plane.settle()
        await plane.call("UpdateAlias", FunctionName="f", Name="live", FunctionVersion="2")
        assert plane.concurrency["f"] == (None, {"2": 2})
        await plane.call("PutProvisionedConcurrencyConfig", **put, Qualifier="1")
        await plane.call("CreateAlias", FunctionName="f", Name="old", FunctionVersion="1")
        fault = await plane.refused("PutProvisionedConcurrencyConfig", **put, Qualifier="old")
        assert fault.message.startswith("Alias can't be used for Provisioned Concurrency")

    stage(scene)


NO_FUNCTION = {
    "put": [
        ("functionname_doesnotexist_alias", "doesnotexist", "noalias"),
        ("functionname_doesnotexist_version", "doesnotexist", "1"),
    ],
    "get": [("functionname_doesnotexist", "doesnotexist", "noalias")],
    "delete": [("functionname_doesnotexist", "doesnotexist", "1")],
}


def test_provisioned_concurrency_that_is_refused(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_provisioned_concurrency_exceptions")
        await function(plane, version=True)
        for verb, missing in (("put", "doesnotexist"), ("get", "noalias"), ("delete", "noalias")):
            places = {"ProvisionedConcurrentExecutions": 1} if verb == "put" else {}
            for what, name, qualifier in (
                ("latest", "f", "$LATEST"),
                ("version_doesnotexist", "f", "10"),
                ("qualifier_doesnotexist", "f", missing),
                *NO_FUNCTION[verb],
            ):
                asked = {"FunctionName": name, "Qualifier": qualifier, **places}
                operation = f"{verb.title()}ProvisionedConcurrencyConfig"
                await said.refused(f"{verb}_provisioned_{what}", operation, **asked)
        one = {"FunctionName": "f", "Qualifier": "1"}
        await said.refused("get_provisioned_config_doesnotexist", "GetProvisionedConcurrencyConfig", **one)
        await plane.call("DeleteProvisionedConcurrencyConfig", **one)
        every = "ListProvisionedConcurrencyConfigs"
        await said("list_provisioned_noconfigs", every, FunctionName="f")
        await said.refused("list_provisioned_functionname_doesnotexist", every, FunctionName="doesnotexist")

    stage(scene)


def test_no_more_can_be_provisioned_than_there_is(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_provisioned_concurrency_limits")
        await function(plane, version=True)
        put, one = "PutProvisionedConcurrencyConfig", {"FunctionName": "f", "Qualifier": "1"}
        key = "put_provisioned_concurrency_account_limit_exceeded"
        await said.refused(key, put, **one, ProvisionedConcurrentExecutions=1001)
        key = "put_provisioned_concurrency_below_unreserved_min_value"
        await said.refused(key, put, **one, ProvisionedConcurrentExecutions=901)
        await plane.call(put, **one, ProvisionedConcurrentExecutions=900)

    stage(scene)


def test_provisioned_concurrency_is_taken_from_the_reservation(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_reserved_provisioned_overlap")
        await function(plane, version=True)
        put, one = "PutProvisionedConcurrencyConfig", {"FunctionName": "f", "Qualifier": "1"}
        await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="$LATEST")
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=15)
        await plane.settle()
        await plane.call("PublishVersion", FunctionName="f")
        await plane.settle()
        await said("put_provisioned_5", put, **one, ProvisionedConcurrentExecutions=2)
        reserve = {"FunctionName": "f", "ReservedConcurrentExecutions": 1}
        await said.refused("reserved_lower_than_provisioned_exc", "PutFunctionConcurrency", **reserve)
        await plane.call("PutFunctionConcurrency", **reserve | {"ReservedConcurrentExecutions": 2})
        await said("get_concurrency", "GetFunctionConcurrency", FunctionName="f")
        key = "reserved_equals_provisioned_another_provisioned_exc"
        await said.refused(key, put, FunctionName="f", Qualifier="2", ProvisionedConcurrentExecutions=1)
        key = "reserved_equals_provisioned_increase_provisioned_exc"
        await said.refused(key, put, **one, ProvisionedConcurrentExecutions=3)
        assert plane.concurrency["f"] == (2, {"1": 2})

    stage(scene)


def test_a_weighted_alias_shares_its_places_and_shows_them_together(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane, version=True)
        await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
        one = {"FunctionName": "f", "Qualifier": "live"}
        await plane.call("PutProvisionedConcurrencyConfig", **one, ProvisionedConcurrentExecutions=10)
        await plane.settle()
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
        await plane.settle()
        await plane.call("PublishVersion", FunctionName="f")
        await plane.settle()
        weights = {"AdditionalVersionWeights": {"2": 0.3}}
        await plane.call("UpdateAlias", FunctionName="f", Name="live", RoutingConfig=weights)
        assert plane.concurrency["f"] == (None, {"1": 7, "2": 3})
        config = await plane.call("GetProvisionedConcurrencyConfig", **one)
        shown = [config[f"{what}ProvisionedConcurrentExecutions"] for what in ("Requested", "Allocated", "Available")]
        assert (shown, config["Status"]) == ([10, 7, 7], "IN_PROGRESS")
        await plane.settle()
        assert (await plane.call("GetProvisionedConcurrencyConfig", **one))["Status"] == "READY"
        fault = await plane.refused("PutProvisionedConcurrencyConfig", **one, ProvisionedConcurrentExecutions=1)
        assert fault.message == "Alias with weights can not be used with Provisioned Concurrency"

    stage(scene)


def test_snapshots_and_provisioned_concurrency_exclude_one_another(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane, version=True)
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", SnapStart={"ApplyOn": "PublishedVersions"})
        await plane.settle()
        await plane.call("PublishVersion", FunctionName="f")
        await plane.settle()
        places = {"ProvisionedConcurrentExecutions": 1}
        fault = await plane.refused("PutProvisionedConcurrencyConfig", FunctionName="f", Qualifier="2", **places)
        assert fault.message == "Provisioned Concurrency is not supported for SnapStart enabled functions."
        await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
        one = {"FunctionName": "f", "Qualifier": "live"}
        await plane.call("PutProvisionedConcurrencyConfig", **one, **places)
        await plane.settle()
        await plane.call("UpdateAlias", FunctionName="f", Name="live", FunctionVersion="2")
        config = await plane.call("GetProvisionedConcurrencyConfig", **one)
        assert (config["Status"], config["StatusReason"]) == ("FAILED", fault.message)
        assert plane.concurrency["f"] == (None, {})

    stage(scene)
