import json
import time


def handler(event, context):
    print(
        json.dumps(
            {  # expect
                "_aws": {
                    "Timestamp": int(time.time() * 1000),
                    "CloudWatchMetrics": [
                        {"Namespace": "shop", "Dimensions": [["kind"]], "Metrics": [{"Name": "sold", "Unit": "Count"}]}
                    ],
                },
                "kind": "book",
                "sales": 1,
            }
        )
    )
