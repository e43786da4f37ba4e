"""`lambent env`: what every AWS client has to be told, as lines for a shell: `eval "$(lambent env)"`.

With --check: which tools are installed, how each is led here, and whether this shell leads them.
"""

import os
import shlex
from dataclasses import asdict
from typing import Annotated

import typer

from lambent.cli import output
from lambent.cli.errors import CliError
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, account_of, target_of

PREFIXES = "AWS_DISABLE_HOST_PREFIX_INJECTION"
"""Without it SDKs look for `stream-127.0.0.1` (Live Tail) or `sync-127.0.0.1` (Express workflows).

https://docs.aws.amazon.com/sdkref/latest/guide/feature-host-prefix.html
"""
REMARK = "AWS CLI v1 sends `aws sqs` and `aws emr` to AWS all the same: add --endpoint-url to each of these, or use v2"


def env(
    context: typer.Context,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Show which tools are installed and how each is led here.")
    ] = False,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Print the variables that lead every AWS client here: eval "$(lambent env)"."""
    target = target_of(context, endpoint, region)
    if check:
        _check(target.endpoint, json)
        return
    variables = {
        "AWS_ENDPOINT_URL": target.endpoint,
        "AWS_ACCESS_KEY_ID": account_of(os.environ),
        "AWS_SECRET_ACCESS_KEY": "lambent",
        "AWS_REGION": target.region,
        "AWS_DEFAULT_REGION": target.region,
        PREFIXES: "true",
    }
    if json:
        output.document(variables)
        return
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    typer.echo(f"# {REMARK}")


def _check(endpoint: str, json: bool) -> None:
    """Raises CliError when tools started from this shell would go elsewhere."""
    from lambent.cli import tools

    seen, astray = tools.seen(), tools.astray(os.environ, endpoint)
    if json:
        output.document({"tools": [asdict(one) for one in seen], "astray": list(astray)})
    else:
        output.table(("tool", "version", "led here"), [(one.name, one.version, one.led) for one in seen])
    for line in astray:
        output.note(line)
    if astray:
        raise CliError(f"tools started from this shell do not come to {endpoint}")
