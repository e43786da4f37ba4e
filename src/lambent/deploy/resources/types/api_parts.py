"""What stands beside APIs: client certificates, VPC links, the documentation of REST APIs."""

from lambent.deploy.resources.kind import Do, Kind
from lambent.deploy.resources.patching import patched
from lambent.deploy.resources.types.apis import REST, tagged

_CERTIFICATE = {"clientCertificateId": "$id"}
_LINK = {"vpcLinkId": "$id"}
_PART = {**REST, "documentationPartId": "$id"}
_VERSION = {**REST, "documentationVersion": "$DocumentationVersion"}
_DESCRIBED = ("Description", "/description")

KINDS = {
    "AWS::ApiGateway::ClientCertificate": Kind(
        create=(Do("apigateway:GenerateClientCertificate", fit=True),),
        update=(patched("apigateway:UpdateClientCertificate", _CERTIFICATE, _DESCRIBED),),
        delete=(Do("apigateway:DeleteClientCertificate", _CERTIFICATE),),
        id="@clientCertificateId",
        attributes={"ClientCertificateId": "{id}"},
        **tagged("clientcertificates/{id}"),
    ),
    "AWS::ApiGateway::VpcLink": Kind(
        create=(Do("apigateway:CreateVpcLink", fit=True),),
        update=(patched("apigateway:UpdateVpcLink", _LINK, ("Name", "/name"), ("Description", "/description")),),
        delete=(Do("apigateway:DeleteVpcLink", _LINK),),
        id="@id",
        attributes={"VpcLinkId": "{id}"},
        **tagged("vpclinks/{id}"),
    ),
    "AWS::ApiGateway::DocumentationPart": Kind(
        create=(Do("apigateway:CreateDocumentationPart", fit=True),),
        update=(patched("apigateway:UpdateDocumentationPart", _PART, ("Properties", "/properties")),),
        delete=(Do("apigateway:DeleteDocumentationPart", _PART),),
        id="@id",
        attributes={"DocumentationPartId": "{id}"},
    ),
    "AWS::ApiGateway::DocumentationVersion": Kind(
        create=(Do("apigateway:CreateDocumentationVersion", fit=True),),
        update=(patched("apigateway:UpdateDocumentationVersion", _VERSION, _DESCRIBED),),
        delete=(Do("apigateway:DeleteDocumentationVersion", _VERSION),),
        id="{DocumentationVersion}",
    ),
    "AWS::ApiGatewayV2::VpcLink": Kind(
        create=(Do("apigatewayv2:CreateVpcLink", fit=True),),
        update=(Do("apigatewayv2:UpdateVpcLink", {"VpcLinkId": "$id", "Name": "$Name"}, on=("Name",)),),
        delete=(Do("apigatewayv2:DeleteVpcLink", {"VpcLinkId": "$id"}),),
        id="@VpcLinkId",
        attributes={"VpcLinkId": "{id}"},
        **tagged("vpclinks/{id}", "apigatewayv2:", "ResourceArn"),
    ),
}
