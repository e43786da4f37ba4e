"""What stands beside APIs: client certificates, VPC links, the documentation of REST APIs."""

from lambent.deploy.resources.kind import Do, Kind
from lambent.deploy.resources.types.apis import REST, patches

_CERTIFICATE = {"clientCertificateId": "$id"}
_LINK = {"vpcLinkId": "$id"}
_PART = {**REST, "documentationPartId": "$id"}
_VERSION = {**REST, "documentationVersion": "$DocumentationVersion"}
_DESCRIBED = patches(("Description", "/description"))

KINDS = {
    "AWS::ApiGateway::ClientCertificate": Kind(
        create=(Do("apigateway:GenerateClientCertificate", fit=True),),
        update=(
            Do(
                "apigateway:UpdateClientCertificate",
                {**_CERTIFICATE, "patchOperations": _DESCRIBED},
                on=("Description",),
            ),
        ),
        delete=(Do("apigateway:DeleteClientCertificate", _CERTIFICATE),),
        id="@clientCertificateId",
        attributes={"ClientCertificateId": "{id}"},
        tags="Tags",
    ),
    "AWS::ApiGateway::VpcLink": Kind(
        create=(Do("apigateway:CreateVpcLink", fit=True),),
        update=(
            Do(
                "apigateway:UpdateVpcLink",
                {**_LINK, "patchOperations": patches(("Name", "/name"), ("Description", "/description"))},
                on=("Name", "Description"),
            ),
        ),
        delete=(Do("apigateway:DeleteVpcLink", _LINK),),
        id="@id",
        attributes={"VpcLinkId": "{id}"},
        tags="Tags",
    ),
    "AWS::ApiGateway::DocumentationPart": Kind(
        create=(Do("apigateway:CreateDocumentationPart", fit=True),),
        update=(
            Do(
                "apigateway:UpdateDocumentationPart",
                {**_PART, "patchOperations": patches(("Properties", "/properties"))},
                on=("Properties",),
            ),
        ),
        delete=(Do("apigateway:DeleteDocumentationPart", _PART),),
        id="@id",
        attributes={"DocumentationPartId": "{id}"},
    ),
    "AWS::ApiGateway::DocumentationVersion": Kind(
        create=(Do("apigateway:CreateDocumentationVersion", fit=True),),
        update=(
            Do(
                "apigateway:UpdateDocumentationVersion",
                {**_VERSION, "patchOperations": _DESCRIBED},
                on=("Description",),
            ),
        ),
        delete=(Do("apigateway:DeleteDocumentationVersion", _VERSION),),
        id="{DocumentationVersion}",
    ),
    "AWS::ApiGatewayV2::VpcLink": Kind(
        create=(Do("apigatewayv2:CreateVpcLink", fit=True),),
        update=(Do("apigatewayv2:UpdateVpcLink", {"VpcLinkId": "$id", "Name": "$Name"}, on=("Name",)),),
        delete=(Do("apigatewayv2:DeleteVpcLink", {"VpcLinkId": "$id"}),),
        id="@VpcLinkId",
        attributes={"VpcLinkId": "{id}"},
        tags="Tags",
    ),
}
