"""Imports of keys and of documentation, quotas that are set by hand, client certificates."""

from pathlib import Path
from typing import Any

import orjson
from cryptography import x509

from tests.unit.services_apigateway.api_kit import NOW, Api, with_api
from tests.unit.services_apigateway.door_kit import Stage, with_stage

KEYS = b"""Name,key,description,Enabled,usageplanIds
first,abcdef1234ghijklmnop8901234567,,TRUE,%s
second,short,,FALSE,
"""


def test_keys_of_a_file(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        plan = await api.call("CreateUsagePlan", name="p")
        body = KEYS % plan["id"].encode()
        refused = await api.refused("ImportApiKeys", body=body, format="csv", failOnWarnings=True)
        assert refused == ("BadRequestException", "API Key value should be at least 20 characters")
        body = body.replace(b"abcdef", b"bbcdef")
        made = await api.call("ImportApiKeys", body=body, format="csv")
        assert len(made["ids"]) == 1 and made["warnings"] == ["second: API Key value should be at least 20 characters"]
        keys = await api.call("GetUsagePlanKeys", usagePlanId=plan["id"])
        assert made["ids"][0] in [one["id"] for one in keys["items"]]
        assert (await api.refused("ImportApiKeys", body=b"a,b\n", format="csv"))[0] == "BadRequestException"

    with_api(tmp_path, scene)


def documented(*parts: tuple[dict[str, str], Any]) -> bytes:
    said = [{"location": place, "properties": properties} for place, properties in parts]
    return orjson.dumps({"openapi": "3.0.1", "x-amazon-apigateway-documentation": {"documentationParts": said}})


def test_documentation_of_a_document(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, _ = await api.api()
        at = {"restApiId": name}
        method = {"type": "METHOD", "path": "/", "method": "GET"}
        first = await api.call(
            "ImportDocumentationParts", **at, body=documented(({"type": "API"}, {"a": 1}), (method, "{}"))
        )
        assert len(first["ids"]) == 2
        second = await api.call("ImportDocumentationParts", **at, body=documented(({"type": "API"}, {"a": 2})))
        assert second["ids"] == first["ids"][:1]
        shown = await api.call("GetDocumentationParts", **at, type="API")
        assert [one["properties"] for one in shown["items"]] == ['{"a":2}']
        assert len((await api.call("GetDocumentationParts", **at))["items"]) == 2
        body = documented((method, "{}"))
        await api.call("ImportDocumentationParts", **at, mode="overwrite", body=body)
        assert len((await api.call("GetDocumentationParts", **at))["items"]) == 1

    with_api(tmp_path, scene)


def test_what_is_left_of_a_quota_is_set_by_hand(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.proxy("/", apiKeyRequired=True)
        await stage.deploy()
        key = await stage.call("CreateApiKey", enabled=True)
        stages = [{"apiId": stage.id, "stage": "dev"}]
        plan = await stage.call("CreateUsagePlan", name="p", apiStages=stages, quota={"limit": 1, "period": "WEEK"})
        at = {"usagePlanId": plan["id"], "keyId": key["id"]}
        await stage.call("CreateUsagePlanKey", **at, keyType="API_KEY")
        asked = {"x_api_key": key["value"]}
        assert [(await stage.ask(**asked)).status for _ in range(2)] == [200, 429]
        more = [{"op": "replace", "path": "/remaining", "value": "2"}]
        usage = await stage.call("UpdateUsage", **at, patchOperations=more)
        assert usage["items"] == {key["id"]: [[1, 2]]}
        assert [(await stage.ask(**asked)).status for _ in range(3)] == [200, 200, 429]
        wrong = [{"op": "add", "path": "/remaining", "value": "2"}]
        assert (await stage.refused("UpdateUsage", **at, patchOperations=wrong))[1] == (
            "Invalid patch path  '/remaining' specified for op 'add'. Please choose supported operations"
        )

    with_stage(tmp_path, scene)


def test_client_certificates(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        made = await api.call("GenerateClientCertificate", description="d", tags={"a": "b"})
        assert set(made) == {
            "clientCertificateId", "description", "pemEncodedCertificate", "createdDate", "expirationDate", "tags",
        }  # fmt: skip
        read = x509.load_pem_x509_certificate(made["pemEncodedCertificate"].encode())
        assert read.not_valid_before_utc.timestamp() == NOW and made["createdDate"].timestamp() == NOW
        at = {"clientCertificateId": made["clientCertificateId"]}
        assert await api.call("GetClientCertificate", **at) == made
        assert (await api.call("GetClientCertificates"))["items"] == [made]
        changed = [{"op": "replace", "path": "/description", "value": "e"}]
        assert (await api.call("UpdateClientCertificate", **at, patchOperations=changed))["description"] == "e"
        name, root = await api.api()
        await api.method(name, root)
        await api.call("CreateDeployment", restApiId=name, stageName="dev")
        used = [{"op": "replace", "path": "/clientCertificateId", "value": made["clientCertificateId"]}]
        await api.call("UpdateStage", restApiId=name, stageName="dev", patchOperations=used)
        assert (await api.refused("DeleteClientCertificate", **at))[0] == "BadRequestException"
        await api.call("DeleteStage", restApiId=name, stageName="dev")
        await api.call("DeleteClientCertificate", **at)

    with_api(tmp_path, scene)


def test_a_clone_is_an_api_of_its_own(tmp_path: Path) -> None:
    async def scene(api: Api) -> None:
        name, root = await api.api(binaryMediaTypes=["a/b"])
        at = {"restApiId": name}
        child = await api.call("CreateResource", **at, parentId=root, pathPart="a")
        validator = await api.call("CreateRequestValidator", **at, name="v", validateRequestBody=True)
        await api.call("CreateModel", **at, name="M", contentType="application/json", schema="{}")
        method = at | {"resourceId": child["id"], "httpMethod": "GET"}
        await api.call("PutMethod", **method, authorizationType="NONE", requestValidatorId=validator["id"])
        await api.call("PutIntegration", **method, type="MOCK")
        made = await api.call("CreateRestApi", name="b", cloneFrom=name)
        assert made["id"] != name and made["rootResourceId"] != root and made["binaryMediaTypes"] == ["a/b"]
        there = {"restApiId": made["id"]}
        items = (await api.call("GetResources", **there, embed=["methods"]))["items"]
        cloned = next(one for one in items if one["path"] == "/a")
        assert cloned["id"] != child["id"] and cloned["parentId"] == made["rootResourceId"]
        validators = (await api.call("GetRequestValidators", **there))["items"]
        assert [one["name"] for one in validators] == ["v"]
        assert cloned["resourceMethods"]["GET"]["requestValidatorId"] == validators[0]["id"] != validator["id"]
        assert cloned["resourceMethods"]["GET"]["methodIntegration"]["cacheNamespace"] == cloned["id"]
        models = (await api.call("GetModels", **there))["items"]
        assert sorted(one["name"] for one in models) == ["Empty", "Error", "M"]
        await api.call("DeleteRestApi", **at)
        await api.call("CreateDeployment", **there, stageName="dev")
        assert (await api.refused("CreateRestApi", name="c", cloneFrom="nothing"))[0] == "NotFoundException"

    with_api(tmp_path, scene)
