"""Client certificates of stages: which of them a backend is shown."""

from pathlib import Path

from lambent.model.backend_tls import BackendTls
from tests.unit.services_apigateway.door_kit import Stage, with_stage


async def web_method(stage: Stage, **more: object) -> None:
    at = {"restApiId": stage.id, "resourceId": stage.root, "httpMethod": "GET"}
    await stage.call("PutMethod", **at, authorizationType="NONE")
    uri = "https://example.com/"
    await stage.call("PutIntegration", **at, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri, **more)
    await stage.deploy()


def test_backends_are_shown_the_stages_certificate(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await web_method(stage)
        assert (await stage.ask("/dev/")).status == 201
        assert stage.tls == BackendTls()
        made = await stage.call("GenerateClientCertificate")
        await stage.patch_stage(**{"/clientCertificateId": made["clientCertificateId"]})
        assert (await stage.ask("/dev/")).status == 201
        assert stage.tls.certificate == made["pemEncodedCertificate"]
        assert "PRIVATE KEY" in stage.tls.key and stage.tls.verified
        code, message = await stage.refused("DeleteClientCertificate", clientCertificateId=made["clientCertificateId"])
        assert code == "BadRequestException" and "in use by stage dev" in message

    with_stage(tmp_path, scene)


def test_a_certificate_that_is_not_there_is_refused(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await web_method(stage)
        patch = [{"op": "replace", "path": "/clientCertificateId", "value": "nobody"}]
        said = await stage.refused("UpdateStage", restApiId=stage.id, stageName="dev", patchOperations=patch)
        assert said == ("NotFoundException", "Invalid Client Certificate identifier specified")

    with_stage(tmp_path, scene)


def test_an_integration_may_take_any_certificate(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await web_method(stage, tlsConfig={"insecureSkipVerification": True})
        await stage.ask("/dev/")
        assert stage.tls == BackendTls(verified=False)

    with_stage(tmp_path, scene)
