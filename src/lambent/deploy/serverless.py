"""AWS::Serverless: SAM's own translator, imported when the first template needs it (half a second)."""

import json
from collections.abc import Mapping
from typing import Any

from lambent.deploy.errors import TemplateInvalid

TRANSFORM = "AWS::Serverless-2016-10-31"
MISSING = (
    "Lambent needs the package aws-sam-translator for AWS::Serverless: pip install 'lambent[sam]', then start it again."
)


def translate(document: Mapping[str, Any], values: Mapping[str, Any], region: str) -> dict[str, Any]:
    """The template that SAM makes of one. Blocks. Raises TemplateInvalid, in AWS's words."""
    try:
        import boto3
        from samtranslator.model.exceptions import InvalidDocumentException
        from samtranslator.parser.parser import Parser
        from samtranslator.translator.translator import Translator
    except ImportError as error:
        raise TemplateInvalid(MISSING) from error
    session = boto3.session.Session(region_name=region)
    translator = Translator(_policies(), Parser(), boto_session=session)
    try:
        copy = json.loads(json.dumps(document))
        made: dict[str, Any] = translator.translate(copy, parameter_values={**values, "AWS::Region": region})
    except InvalidDocumentException as error:
        causes = " ".join(dict.fromkeys(cause.message for cause in error.causes))
        said = f"Invalid Serverless Application Specification document. Number of errors found: {len(error.causes)}."
        raise TemplateInvalid(f"Transform {TRANSFORM} failed with: {said} {causes}") from error
    return made


def _policies() -> dict[str, str]:
    """The names of AWS's managed policies, as the translator ships them."""
    from samtranslator.internal.managed_policies import get_bundled_managed_policy_map

    known = get_bundled_managed_policy_map("aws")
    return dict(known or {})
