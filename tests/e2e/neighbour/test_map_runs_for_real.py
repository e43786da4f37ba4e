"""A distributed Map over an object's rows, whose batches go to a function, with results in a bucket."""

import json
import time
from typing import Any

from tests.e2e.conftest import Deploy, Server
from tests.e2e.neighbour.test_kept import ARN

SUMS = """
def handler(event, context):
    values = [int(one["n"]) for one in event["Items"]]
    if 13 in values:
        raise ArithmeticError("unlucky")
    return {"sum": sum(values), "by": event["BatchInput"]["by"]}
"""


def test_rows_of_a_file_go_to_a_function_in_batches(server: Server, deploy: Deploy) -> None:
    function = deploy(SUMS)
    s3, states = server.client("s3"), server.client("stepfunctions")
    s3.create_bucket(Bucket="map-runs")
    s3.put_object(Bucket="map-runs", Key="in.csv", Body="n,t\n" + "".join(f"{n},x\n" for n in range(20)))
    task = {"Type": "Task", "Resource": ARN.format("lambda", f"function:{function}"), "End": True}
    mapped = {
        "Type": "Map",
        "Label": "Rows",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "Parameters": {"Bucket": "map-runs", "Key.$": "$.key"},
        },
        "ItemBatcher": {"MaxItemsPerBatch": 5, "BatchInput": {"by": "me"}},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "T", "States": {"T": task},
        },
        "ToleratedFailurePercentage": 25,
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "map-runs", "Prefix": "out"},
        },
        "End": True,
    }  # fmt: skip
    arn = states.create_state_machine(
        name="rows", roleArn="arn:aws:iam::000000000000:role/r",
        definition=json.dumps({"StartAt": "M", "States": {"M": mapped}}),
    )["stateMachineArn"]  # fmt: skip
    execution = states.start_execution(stateMachineArn=arn, input='{"key": "in.csv"}')["executionArn"]
    deadline = time.monotonic() + 60
    while (said := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert said["status"] == "SUCCEEDED", said
    output = json.loads(said["output"])
    run = states.describe_map_run(mapRunArn=output["MapRunArn"])
    assert (run["itemCounts"]["succeeded"], run["itemCounts"]["failed"], run["executionCounts"]["total"]) == (15, 5, 4)

    def written(key: str) -> Any:
        return json.loads(s3.get_object(Bucket="map-runs", Key=key)["Body"].read())

    files = written(output["ResultWriterDetails"]["Key"])["ResultFiles"]
    good = [json.loads(one["Output"]) for one in written(files["SUCCEEDED"][0]["Key"])]
    assert good == [{"sum": 10, "by": "me"}, {"sum": 35, "by": "me"}, {"sum": 85, "by": "me"}]
    [bad] = written(files["FAILED"][0]["Key"])
    assert (bad["Error"], json.loads(bad["Cause"])["errorMessage"]) == ("ArithmeticError", "unlucky")
    [listed] = states.list_map_runs(executionArn=execution)["mapRuns"]
    children = states.list_executions(mapRunArn=listed["mapRunArn"])["executions"]
    assert [one["status"] for one in children].count("SUCCEEDED") == 3
