"""Writes docs/deploy.md: how tools deploy here, and which types of resources stacks can make.

Run as `python -m tools.deploy`; tests/docs compares the committed page with what this makes.
"""

from pathlib import Path

from lambent.deploy.making import replaces
from lambent.deploy.ports import Owner
from lambent.deploy.resources.facts import facts_of
from lambent.deploy.resources.kind import Kind, Subject
from lambent.deploy.resources.table import KINDS
from lambent.model.scope import Scope
from lambent.services.cloudformation.operations import OPERATIONS, REFUSED

PAGE = Path(__file__).parents[1] / "docs" / "deploy.md"
OTHERS = {
    "AWS::CloudFormation::CustomResource, Custom::*": "the function, or topic, is told and answers at its ResponseURL",
    "AWS::CloudFormation::Stack": "a stack of its own; its template lies in S3",
    "AWS::CloudFormation::WaitCondition": "waits by the platform's clock",
    "AWS::CloudFormation::WaitConditionHandle": "a URL",
}

HEAD = """# Deploying as you deploy to AWS

Made by `python -m tools.deploy` from the tables in `src/lambent/deploy`; a test keeps it true.

CloudFormation is answered by Lambent: a stack's resources are made by calls on Lambent's own endpoint, so each is what
its API makes of it, here or at the neighbour. Tools that deploy by stacks need the endpoint, a region and any keys:

```sh
export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
aws cloudformation deploy --template-file app.yaml --stack-name app --capabilities CAPABILITY_IAM
```

## Without AWS's tools

```sh
lambent deploy app/              # template.yaml (SAM, CloudFormation), serverless.yml or cdk.out in it, or the file
lambent deploy app/ --param Stage=dev --name my-stack
lambent diff app/                # what that would add, change, replace or remove
lambent deploy app/ --watch      # then every function runs from its folder; a changed template is deployed
lambent destroy app/             # or the stack's name
```

What a stack's outputs name by host names of AWS is told with its address here.

Files that the template names are put into a bucket, `lambent-deploy-ACCOUNT-REGION`. Nothing is built: `sam build` does
that, and `.aws-sam/build` is taken where it is there. `samconfig.toml` gives the stack's name and parameters. Of a
`cdk.out` the assets go where it says, no bootstrapping is needed; images are built by `cdk deploy`
(`CDK_DOCKER` names another builder, such as podman) and pushed to [Lambent's registry](images.md). A `serverless.yml`
becomes a template with the framework's logical ids and names; plugins are not run, which is said, and what else is not
read (events such as `alb` and `websocket`, variables from programs and other stacks) is refused by name. A folder
that holds a template is a function all the same when options of a function (`--handler`, `--runtime`, …) are given.

## Which tools come here

`lambent env --check` tells which of them are installed, how each is led here, and whether this shell leads it.

| tool | how |
| --- | --- |
| AWS CLI | `AWS_ENDPOINT_URL` (version 1: `aws sqs` needs `--endpoint-url` besides) |
| SAM CLI | `AWS_ENDPOINT_URL`; it looks at a stack every five seconds, or as `SAM_CLI_POLL_DELAY` says |
| CDK | `AWS_ENDPOINT_URL`; or `cdk synth` and `lambent deploy cdk.out` |
| osls 4 | `AWS_ENDPOINT_URL` |
| osls 3, Serverless Framework 3 | `AWS_ENDPOINT_URL` with the plugin `serverless-localstack` (below) |
| Chalice, Zappa | `AWS_ENDPOINT_URL` |
| Terraform, OpenTofu, Pulumi | `AWS_ENDPOINT_URL`, paths for S3 (`s3_use_path_style`) |

The SDK of version 3 of Serverless and osls knows no `AWS_ENDPOINT_URL`: the plugin reads it, for its `stages`.
HTTP APIs are at `http://ID.execute-api.REGION.localhost:4566`, not where the plugin says.

```yaml
plugins: [serverless-localstack]
custom:
  localstack: {stages: [dev], autostart: false}
```

## Public projects

These were deployed by their own tools, ran on the event of their trigger, were updated and deleted; left over was what
AWS leaves too (log groups that functions made, tables and buckets with `Retain`, what bootstrapping makes). Runtimes
that the machine had not were replaced, and a public layer published as the refusal says that names it.

| project | tool | trigger |
| --- | --- | --- |
| awsdocs/aws-lambda-developer-guide 8a681ab: `nodejs-apig` | AWS CLI | REST API |
| aws-samples/serverless-patterns fb7b5d0: `apigw-lambda-dynamodb` | SAM CLI | REST API |
| `kinesis-lambda` of it | SAM CLI | stream |
| `sns-lambda-python-sam` of it | SAM CLI | topic |
| `sqs-lambda-python-sam` of it | SAM CLI | queue |
| `lambda-esm-sqs-filters-sam` of it | SAM CLI | queues, topic |
| aws-samples/aws-cdk-examples bccff1d: `lambda-cron` | CDK, Python | schedule |
| `api-sqs-lambda` of it | CDK, Python | REST API, queue |
| `custom-resource` of it | CDK, TypeScript | custom resource |
| `api-cors-lambda-crud-dynamodb` of it | CDK, TypeScript | REST API |
| serverless/examples 2286519: `aws-python-rest-api-with-dynamodb` | osls | REST API |
| `aws-node-scheduled-cron` of it | osls | schedule |
| `aws-python-http-api-with-dynamodb` of it | osls | HTTP API |
| alexcasalboni/aws-lambda-power-tuning 262ecc2 | SAM CLI | state machine |
| aws-samples/serverless-test-samples a801c92: `async-lambda-dynamodb` (Python) | SAM CLI | bucket |
| `apigw-sqs-lambda-sqs` of it | SAM CLI | REST API, queues |
| aws-samples/lambda-refarch-fileprocessing 3889631 (with `aws-xray-sdk`) | SAM CLI | bucket, queues |
| cdk-patterns/serverless 08e3163: `the-big-fan` | CDK, version 1 of its library, Python | REST API, topic, queues |
| aws/chalice 51ac904: `todo-app` of its samples (with boto3 1.28 for 1.27) | Chalice | REST API |

Of 136 templates that CDK's own integration tests deploy (the expected ones of version 1.60, from its packages, with
runtimes of today and other code in the place of their assets) 101 were made and deleted. The others name services that
are not here (ECS, Batch, Glue, CodeCommit, servers of CodeDeploy), inventories or websites of buckets, zones of a
region that there is not, or have custom resources whose own code needs a runtime of then. Of the tests with which AWS
tries its Serverless Application Model (aws/serverless-application-model 7000d0a, `integration/`, unmodified but for
waits) not all have been run; AppSync, the Serverless Application Repository, capacity providers and Amazon MQ, which
some of them deploy, are not here.

Terraform itself, with its AWS provider 5.100, applies, changes and destroys a project of 30 resources in
`tests/e2e/clients/test_terraform.py`, where a machine has both; a plan after that finds nothing to change. Elsewhere
its calls are replayed (`test_terraform_order.py`, `test_terraform_resources.py`). Another 45 of its types were tried by
hand. For each queue that it makes the provider waits 25 seconds, wherever that is. Pulumi is tried by nobody here:
registries have its SDKs and not its AWS provider, which is Terraform's, bridged
(https://github.com/pulumi/pulumi-aws), so that it makes the calls that are replayed. A stack of 200 resources and one
function's change are measured by the bench (`--only stacks`).

## Canaries: CodeDeploy

A deployment shifts an alias's traffic as its configuration says (all of AWS's `CodeDeployDefault.Lambda…`, and own
ones), on the platform's clock: with `lambent clock advance` a canary of half an hour takes a moment. Hooks are
called as events and say how they went within an hour; alarms are looked at every ten seconds (`DescribeAlarms`,
wherever it is answered). A rollback is a deployment of its own that brings the alias back at once. What is under way
when the server is killed goes on. An alias with `UpdatePolicy: CodeDeployLambdaAliasUpdate` (SAM's
`DeploymentPreference`, CDK's `LambdaDeploymentGroup`) gets another version in this way, and its stack waits; when
the stack is rolled back the alias goes back at once, without a deployment. Server and ECS are refused by name; no
events of deployments go to EventBridge.

## Templates

JSON and YAML with all intrinsic functions, conditions, mappings, parameters (those of SSM too), rules, outputs and
exports, dynamic references to SSM and Secrets Manager. Transforms: `AWS::Serverless-2016-10-31` by AWS's own
`aws-sam-translator` (`pip install 'lambent[sam]'`), `AWS::LanguageExtensions` (`Fn::ForEach`, `Fn::ToJsonString`,
`Fn::Length`), `AWS::Include`, and macros, which are run as functions. `Fn::GetStackOutput` is refused by name. A
template by URL lies in S3, or on this machine as `http://127.0.0.1:4566/bucket/key`.

## Stacks

A stack, its events and its change sets are on disk; what is under way when the server is killed is gone on with by the
next one: names are written down before they are used, and what is there already under such a name is taken for the
stack's own. APIs are found by the
stack's tags, their resources by path, what else has a name of its own in its type's list (keys, plans, authorizers,
routes, listeners, pools and their clients, groups, policies, secrets). What has none when it is made may be made twice
then: deployments and integrations of APIs, keys of KMS, versions of layers, networks of EC2. Failures are
told with the service's own text and rolled back, updates too. `Snapshot` is refused for types that have none, as
on AWS. Stack policies count for updates, `NotificationARNs` hear of each event. Alarms of `RollbackConfiguration` are
looked at every ten seconds of the platform's clock, while resources are made and for the minutes that it says; a
server that goes on with a stack begins those anew.
What a stack made at moto is lost with moto ([neighbour.md](neighbour.md)); deleting the stack passes over it.

Nothing is imported: a resource of a custom name that is there already fails, with `ImportExistingResources` too.
`DescribeEvents` groups events by operation. A change set of a stack that has stacks in it tells with
`IncludeNestedStacks` that they change, not what changes in them; executed, they are changed.

A change of a stack waits for the states of functions no longer than it must, whatever `state_delay` says. Tags of the
stack are handed down, and `aws:cloudformation:stack-name`, `:stack-id` and `:logical-id` with them; those don't count
as a function's or queue's tags.

The `ResponseURL` of a custom resource's function is `http://127.0.0.1/…`: inside an environment the endpoint answers
at the ports 80 and 443 too, so code that speaks https whatever the URL says (CDK's own in Node.js, crhelper,
`cfn-response`) is heard as `urllib`, `requests` and `fetch` are. Python and Node.js trust its certificate beside their
own; Node.js does not where the function sets `NODE_EXTRA_CA_CERTS`, nor does code in images and with `isolation =
"process"`, where only http is answered. What hands the URL on to a program outside of functions must do without.

What has begun is waited for up to two seconds before CreateStack, UpdateStack, DeleteStack and ExecuteChangeSet answer:
clients look again only after half a minute.

## Types

A type that AWS does not have is refused before anything is made ("Unrecognized resource types"). One that it has and
that is not listed fails the stack at that resource, by name; with `unknown_types = "skip"` it is passed
over, and `DescribeStackResources` lists it. A property that is AWS's but not passed on here, or that its service
refuses as not built (a bucket's `WebsiteConfiguration`), fails likewise; skipped, it is a finding.

CloudFront and WAF have no effect on any request. Distributions, origin access controls and WAF's types are kept where
they are answered; CloudFront's other types, ApplicationInsights and `AWS::CDK::Metadata` by their stack alone.

An update that changes a property of the third column fails at its resource, by name, and is rolled back; skipped, it is
a finding. A property that an update removes is again what AWS has where nothing is said. What stands within a property
and AWS does not know fails in its words (`extraneous key`); what it knows and no call passes on is a finding.

What stands in the last column AWS gives by `Fn::GetAtt` and Lambent does not: a template that asks for it fails at the
resource that does.

| type | not passed on | not changed | not given |
| --- | --- | --- | --- |
"""

TAIL = """
Made otherwise:

| type | how |
| --- | --- |
"""

ANSWERED = """
## Operations

Answered: {answered}.

Refused by name:

| operation | why |
| --- | --- |
"""


def _row(name: str, kind: Kind) -> str:
    columns = (left_out(name, kind), not_changed(name, kind), not_given(name, kind))
    return f"| `{name}` | {' | '.join(', '.join(one) for one in columns)} |\n"


def left_out(name: str, kind: Kind) -> list[str]:
    """The properties of a type that are refused."""
    covered = {one.lower() for one in kind.covers()}
    return sorted(one for one in facts_of(name).properties if one.lower() not in covered)


def not_changed(name: str, kind: Kind) -> list[str]:
    """The properties that are passed on when a resource is made, and that no update changes."""
    covered = {one.lower() for one in kind.covers()}
    passed = [one for one in facts_of(name).properties if one.lower() in covered]
    return sorted(one for one in passed if not replaces(name, frozenset({one})) and kind.stuck(_with(name, one)))


def not_given(name: str, kind: Kind) -> list[str]:
    """What Fn::GetAtt gives on AWS and not here: members of an attribute count by its name."""
    given = {one.partition(".")[0] for one in kind.attributes}
    return sorted(one for one in facts_of(name).read_only if one.partition(".")[0] not in given)


def _with(name: str, changed: str) -> Subject:
    owner = Owner("stack", "arn", Scope(), {}, {})
    return Subject(name, "Logical", "name", owner, {changed: {"a": 1}}, former={changed: {"b": 2}})


def page() -> str:
    """The whole page."""
    types = "".join(_row(name, kind) for name, kind in sorted(KINDS.items()))
    others = "".join(f"| `{name}` | {how} |\n" for name, how in OTHERS.items())
    answered = ANSWERED.replace("{answered}", ", ".join(sorted(OPERATIONS)))
    refused = "".join(f"| {name} | {why} |\n" for name, why in sorted(REFUSED.items()))
    return HEAD + types + TAIL + others + answered + refused


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
