"""Writes docs/neighbour.md: what moto answers here, what of it is refused, and what becomes of its own Lambda.

Run as `python -m tools.neighbour`; tests/docs compares the committed page with what this makes.
"""

from pathlib import Path

from lambent.neighbour.bridges.reaches import REACHES
from lambent.neighbour.kept import KEPT
from lambent.neighbour.memory.keeping import SOON

PAGE = Path(__file__).parents[1] / "docs" / "neighbour.md"

HEAD = """# What moto answers

Made by `python -m tools.neighbour` from the tables in `src/lambent/neighbour`; a test keeps it true.

The services that Lambent does not answer are answered by moto, in a process of its own, or by the endpoint that the
settings name for them (then nothing of this page holds). Its user's `MOTO_*` variables are passed on; AWS's managed
policies are there (`MOTO_IAM_LOAD_MANAGED_POLICIES=false` leaves them out). It is started by the first request to it,
or with Lambent where it held something.

## Another emulator in its place

`endpoints.default = "https://127.0.0.1:9297"` has an endpoint answer all that moto would, and no moto is started.
`endpoint_ca` is a file with the authorities that vouch for endpoints with https, `endpoint_access_key` and
`endpoint_secret_key` sign what goes there (but for S3; without them it goes as it was signed). What it would tell its
own functions and queues of is refused by name: what the table below has, and what names a function or a queue to Step
Functions, user pools, IoT and their like. What it does by itself nobody sees; it has its own accounts, and what it
holds is its own affair.

## What it holds lasts

moto keeps everything in memory. So what its services hold is written to the data folder (`neighbour/`, a file for each
service) soon after each change: %s seconds later or more, so that it takes moto no more than a twentieth of its time;
and when Lambent stops. The next moto has it again, after a restart and after moto died; requests wait until then. It is
written and read in moto's own sandbox, and nothing else reads it. `neighbour.json` remembers which services hold
something and which have changed since they were kept, before a change is acknowledged. So a loss is always said:

- `neighbour-changes-lost`: moto or Lambent was killed before the last changes were kept. What was there before
  is there.
- `neighbour-not-kept`: what a service holds can't be written; it lasts as long as moto, and is written as soon as that
  goes. Until then, and while the disk has no room for it, what would change anything at moto is refused
  (`ServiceUnavailable`, 503) before it is done.
- `neighbour-state-unread`: what was kept can't be read, as when another moto's classes are other ones. It is set
  aside in `neighbour/unread`.
- `executions-interrupted`: executions of Step Functions that ran then have failed (`States.Runtime`);
  `RedriveExecution` goes on with them.
- `neighbour-state-lost`: nothing is there of what a service held. A request to it that lists everything, or whose
  answer would be that nothing is there, gets the error `StateLost` (410, which no SDK tries again). What is made anew
  meanwhile can be used. `lambent neighbour acknowledge` (or `POST /_lambent/neighbour` with `{"acknowledge": true}`)
  forgets the loss. Of EC2, where a network is there from the beginning, only kinds that were changed are lost.

`lambent neighbour` tells what is held and what was lost. [State](state.md) says how all that Lambent keeps is saved,
loaded and emptied.

## What fails

An exception in moto is answered in the service's own form (`InternalFailure`) and logged under the request's id with
its last line and where it was raised. An operation that moto does not have is `NotImplementedException` (501).

What a request makes moto reckon has no bounds of moto's, and everybody waits for the same interpreter: a request that
has had 20 seconds of the processor is broken off (`LimitExceededException`, 400). A moto that answers nobody for a
minute, as one call into C can make it, is ended and started again, with what it held. A form to it has 10,000 fields at
most and 1 MB, one to SES 16 MB.

## What is run

Executions of Step Functions are run by moto's interpreter of the Amazon States Language, in JSONPath and in JSONata
(evaluated by the package jsonata-python, with AWS's own functions, regular expressions by RE2, two seconds at most); an
expression that does not parse or reads a name out of nowhere is refused as on AWS when the machine is made. Tasks ask
what the endpoint answers, so that `lambda:invoke`, the ARN of a function, `sqs:sendMessage` and `aws-sdk:…` find what
is here. `Wait`, retries and the time-outs of tokens go by the platform's clock
([asynchronous.md](asynchronous.md#the-clock)), and so do the times that histories tell and how long a machine and an
express workflow may run. An express workflow that is waited for (`StartSyncExecution`) is told when it has ended, and
is not kept. Machines, versions, aliases, executions, histories and activities are answered as the API reference has
them; a definition that is not good is refused in AWS's words, with the place of each mistake. What else differs from
moto's:

- **Distributed Maps** are run by Lambent: an execution for each item or batch (64 at once at most), items from JSON,
  JSON Lines, CSV, inventories of S3 in CSV and lists of objects, batches, thresholds of failures, results in S3
  (`NONE`, `COMPACT`, `FLATTEN`), and `DescribeMapRun`, `ListMapRuns`, `UpdateMapRun`. Parquet, the objects of a list
  (`LOAD_AND_FLATTEN`) and inventories in other formats are refused by name.
- **Logs**: what `loggingConfiguration` asks for comes into its log group, a line for each event, as on AWS.
- **TestState** tries a state by itself, with a mock or with what it calls, and tells its data (`DEBUG`). A mocked
  result is not held against the model of its API (`fieldValidationMode`), and there are no HTTP tasks whose requests
  `TRACE` would tell.
- **RedriveExecution** goes on at the state where an execution ended, also where it ended with moto's process. One
  that ended in a Parallel or a Map state is refused by name (501).
- An execution that is stopped or out of time has ended at once, whatever its tasks still do; one has 25,000 events at
  most. `States.ALL` means neither `States.Runtime` nor `States.DataLimitExceeded`, as on AWS.

Not there: traces of executions (`tracingConfiguration` is kept), encryption by keys of the user's, HTTP tasks (refused
with the definition), tasks of API Gateway (they fail and say so).

## Stacks

CloudFormation is answered by Lambent ([deploy.md](deploy.md)). Where what its stacks made at moto is lost, the
stacks stay: they say `CREATE_COMPLETE`, reads of the resources say `StateLost`, and deleting such a stack passes over
what is lost.

## What is refused

Operations of which moto would say that something is called, sent or written, and nothing would be, as far as they
name a function, a topic, a queue or a log group: `NotImplementedException` (501), in the service's own form.

| service | operation | why |
| --- | --- | --- |
"""
TARGETS = """
## What is a finding

| finding | what happened |
| --- | --- |
| `function-not-reached`, `queue-not-reached` | a service was told to send to it that never does |
| `executions-not-logged` | a state machine's log group is not there, so that its executions log nothing |
| `neighbour-changes-lost`, `neighbour-not-kept`, `neighbour-state-lost`, `neighbour-state-unread` | see above |
| `executions-interrupted` | see above |
| `execution-not-told` | the event that an execution began or ended did not come to the default bus |

## Where moto reaches for its own Lambda, SQS and CloudWatch Logs

Every such place in moto's source, and every client that it makes; a test reads the installed moto and fails when
there is another one.

| place | what becomes of it |
| --- | --- |
"""


def page() -> str:
    """The whole page."""
    why_of = {key: why for key, (_, why) in KEPT.items()}
    refused = "".join(f"| {service} | {name} | {why} |\n" for (service, name), why in sorted(why_of.items()))
    places = "".join(f"| `{place}` | {what} |\n" for place, what in REACHES.items())
    return HEAD % SOON + refused + TARGETS + places


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
