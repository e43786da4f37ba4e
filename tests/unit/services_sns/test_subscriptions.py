"""Subscriptions as AWS makes, confirms, changes and ends them."""

import json

import pytest
from sns_kit import FUNCTION, QUEUE, TOPIC, WEB, Sns

FIFO = f"{TOPIC}.fifo"
FIFO_QUEUE = f"{QUEUE}.fifo"


def test_what_is_shown_of_a_subscription(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        arn = await sns.subscribe(FilterPolicy='{"a":["b"]}')
        said = await sns.call("GetSubscriptionAttributes", SubscriptionArn=arn)
        assert said["Attributes"] == {
            "SubscriptionPrincipal": "arn:aws:iam::111111111111:root",
            "Owner": "111111111111",
            "RawMessageDelivery": "false",
            "TopicArn": TOPIC,
            "Endpoint": QUEUE,
            "Protocol": "sqs",
            "PendingConfirmation": "false",
            "ConfirmationWasAuthenticated": "true",
            "SubscriptionArn": arn,
            "FilterPolicy": '{"a":["b"]}',
            "FilterPolicyScope": "MessageAttributes",
        }
        entry = {
            "SubscriptionArn": arn,
            "Owner": "111111111111",
            "Protocol": "sqs",
            "Endpoint": QUEUE,
            "TopicArn": TOPIC,
        }
        assert (await sns.call("ListSubscriptionsByTopic", TopicArn=TOPIC))["Subscriptions"] == [entry]
        web = await sns.subscribe(protocol="http", endpoint=WEB)
        shown = (await sns.call("GetSubscriptionAttributes", SubscriptionArn=web))["Attributes"]
        assert (shown["PendingConfirmation"], shown["ConfirmationWasAuthenticated"]) == ("true", "false")
        assert json.loads(shown["EffectiveDeliveryPolicy"])["healthyRetryPolicy"]["numRetries"] == 3
        listed = (await sns.call("ListSubscriptions"))["Subscriptions"]
        assert {one["SubscriptionArn"] for one in listed} == {arn, "PendingConfirmation"}

    stage(scene)


def test_subscribing_again(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        arn = await sns.subscribe(RawMessageDelivery="true")
        assert await sns.subscribe(RawMessageDelivery="true") == arn
        assert await sns.subscribe() == arn
        error = await sns.refused(
            "Subscribe", TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE, Attributes={"RawMessageDelivery": "false"}
        )
        text = "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
        assert error == ("InvalidParameter", text)

    stage(scene)


@pytest.mark.parametrize(
    ("protocol", "endpoint", "text"),
    [
        ("smoke", "x", "Invalid parameter: Amazon SNS does not support this protocol string: smoke"),
        ("sqs", "http://x", "Invalid parameter: SQS endpoint ARN"),
        ("sqs", "", "Invalid parameter: SQS endpoint ARN"),
        ("lambda", QUEUE, "Invalid parameter: Lambda endpoint ARN"),
        ("http", "https://x", "Invalid parameter: Endpoint must match the specified protocol"),
        ("http", "http://", "Invalid parameter: Unreachable Endpoint"),
        ("https", "https://[", "Invalid parameter: Unreachable Endpoint"),
        ("email", "nobody", "Invalid parameter: Email address"),
        ("sms", "not a number", "Invalid parameter: Invalid SMS endpoint: not a number"),
        ("application", "arn:x", "Lambent does not support mobile push (the protocol application) yet."),
        (
            "sqs",
            FIFO_QUEUE,
            "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard "
            "SNS topics",
        ),
    ],
)
def test_endpoints_that_are_refused(stage, protocol: str, endpoint: str, text: str) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        assert (await sns.refused("Subscribe", TopicArn=TOPIC, Protocol=protocol, Endpoint=endpoint))[1] == text

    stage(scene)


@pytest.mark.parametrize(("protocol", "endpoint"), [("sqs", f"{QUEUE}-later"), ("lambda", f"{FUNCTION}-later")])
def test_what_is_not_there_yet_is_subscribed_and_told_of_until_it_is(stage, protocol: str, endpoint: str) -> None:
    async def scene(sns: Sns) -> None:
        sns.missing = {endpoint}
        await sns.topic()
        asked = {"TopicArn": TOPIC, "Protocol": protocol, "Endpoint": endpoint}
        arn = (await sns.call("Subscribe", **asked))["SubscriptionArn"]
        [finding] = sns.findings.all()
        assert (finding.code, finding.resource) == ("subscription-target-missing", arn)
        assert endpoint in finding.message
        sns.missing = set()
        assert (await sns.call("Subscribe", **asked))["SubscriptionArn"] == arn
        assert sns.findings.all() == []

    stage(scene)


def test_a_fifo_topic_takes_queues_alone(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic("t.fifo", FifoTopic="true")
        error = await sns.refused("Subscribe", TopicArn=FIFO, Protocol="lambda", Endpoint=FUNCTION)
        assert error == ("InvalidParameter", "Invalid parameter: Invalid protocol type: lambda")
        await sns.subscribe(FIFO)
        await sns.subscribe(FIFO, endpoint=FIFO_QUEUE)

    stage(scene)


def test_a_confirmation_counts_for_two_days_and_by_its_token_alone(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        await sns.subscribe(protocol="http", endpoint=WEB)
        token = sns.bodies()[0]["Token"]
        for bad in ("", "x", token[:-1]):
            error = await sns.refused("ConfirmSubscription", TopicArn=TOPIC, Token=bad)
            assert error == ("InvalidParameter", "Invalid parameter: Token")
        await sns.clock.advance(2 * 86_400 + 1)
        assert (await sns.refused("ConfirmSubscription", TopicArn=TOPIC, Token=token))[1] == "Invalid parameter: Token"

    stage(scene)


def test_asked_again_a_pending_endpoint_is_told_again_and_may_confirm_for_another_two_days(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        await sns.subscribe(protocol="http", endpoint=WEB)
        await sns.clock.advance(3 * 86_400)
        await sns.subscribe(protocol="http", endpoint=WEB)
        first, second = sns.bodies()
        assert first["TopicArn"] == second["TopicArn"]
        said = await sns.call("ConfirmSubscription", TopicArn=TOPIC, Token=second["Token"])
        assert said["SubscriptionArn"].startswith(TOPIC)
        again = await sns.call("ConfirmSubscription", TopicArn=TOPIC, Token=second["Token"])
        assert again == said

    stage(scene)


def test_unsubscribing_by_link_unless_the_confirmation_forbade_it(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        open_, guarded = f"{WEB}/open", f"{WEB}/guarded"
        arns = [await sns.subscribe(protocol="http", endpoint=one) for one in (open_, guarded)]
        tokens = [one["Token"] for one in sns.bodies()]
        await sns.call("ConfirmSubscription", TopicArn=TOPIC, Token=tokens[0], signed=False)
        await sns.call("ConfirmSubscription", TopicArn=TOPIC, Token=tokens[1], AuthenticateOnUnsubscribe="true")
        assert await sns.call("Unsubscribe", SubscriptionArn=arns[0], signed=False) == {}
        error = (await sns.call("Unsubscribe", SubscriptionArn=arns[1], signed=False))["Error"]
        assert error["Code"] == "AuthorizationError"
        assert sns.bodies()[-1]["Type"] == "UnsubscribeConfirmation"
        for _ in range(2):
            assert await sns.call("Unsubscribe", SubscriptionArn=arns[1]) == {}
        error = await sns.refused("Unsubscribe", SubscriptionArn="x")
        assert error[1] == "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"

    stage(scene)


def test_mail_and_text_messages_stay_pending_and_say_so(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        for protocol, endpoint in (("email", "a@example.com"), ("sms", "+15550100")):
            await sns.subscribe(protocol=protocol, endpoint=endpoint)
        await sns.publish()
        assert sns.pushed == []
        assert [one["code"] for one in sns.findings.document()["findings"]] == ["subscription-not-delivered"] * 2

    stage(scene)


def test_attributes_are_changed_and_taken_back(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        arn = await sns.subscribe()

        async def change(name: str, value: str) -> dict[str, str]:
            said = await sns.call(
                "SetSubscriptionAttributes", SubscriptionArn=arn, AttributeName=name, AttributeValue=value
            )
            assert said == {}
            return (await sns.call("GetSubscriptionAttributes", SubscriptionArn=arn))["Attributes"]

        assert (await change("RawMessageDelivery", "true"))["RawMessageDelivery"] == "true"
        await change("FilterPolicyScope", "MessageBody")
        assert (await change("FilterPolicy", '{"a": {"b": ["c"]}}'))["FilterPolicyScope"] == "MessageBody"
        await sns.publish(message='{"a": {"b": "d"}}')
        assert sns.pushed == []
        assert "FilterPolicy" not in await change("FilterPolicy", "")
        await sns.publish(message="anything")
        assert len(sns.pushed) == 1
        redrive = json.dumps({"deadLetterTargetArn": f"{QUEUE}-dead"})
        assert (await change("RedrivePolicy", redrive))["RedrivePolicy"] == redrive
        assert "RedrivePolicy" not in await change("RedrivePolicy", "{}")

    stage(scene)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("Nonsense", "x", "Invalid parameter: AttributeName"),
        ("RawMessageDelivery", "x", "Invalid parameter: RawMessageDelivery Reason: Invalid value [x]"),
        ("FilterPolicyScope", "x", "FilterPolicyScope: Invalid value [x]. Please use either MessageBody or"),
        ("FilterPolicy", "{", "Invalid parameter: FilterPolicy: "),
        ("FilterPolicy", '{"a": 1}', 'Invalid parameter: FilterPolicy: "a" must be an object or an array'),
        ("FilterPolicy", '{"a": {"b": ["c"]}}', "does not support nested filter policy"),
        ("FilterPolicy", '{"a": [{"exists": 1}]}', "exists match pattern must be either true or false."),
        ("FilterPolicy", '{"a": [{"nonsense": 1}]}', "Unrecognized match type nonsense"),
        ("FilterPolicy", json.dumps({str(n): ["x"] for n in range(6)}), "can not have more than 5 keys"),
        ("FilterPolicy", json.dumps({k: [str(n) for n in range(13)] for k in "ab"}), "Filter policy is too complex"),
        ("RedrivePolicy", "{", "RedrivePolicy: failed to parse JSON."),
        ("RedrivePolicy", '{"deadLetterTargetArn": "x"}', "deadLetterTargetArn is an invalid arn"),
        ("RedrivePolicy", json.dumps({"deadLetterTargetArn": FIFO_QUEUE}), "must use a standard queue"),
        ("DeliveryPolicy", "{}", "does not support delivery policies"),
        ("ReplayPolicy", "{}", "Lambent does not support replays"),
        ("SubscriptionRoleArn", "r", "Lambent does not support deliveries to Firehose"),
    ],
)
def test_attributes_that_are_refused(stage, name: str, value: str, text: str) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        arn = await sns.subscribe()
        given = {"SubscriptionArn": arn, "AttributeName": name, "AttributeValue": value}
        assert text in (await sns.refused("SetSubscriptionAttributes", **given))[1]

    stage(scene)


def test_a_function_gets_no_raw_messages(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        error = await sns.refused(
            "Subscribe", TopicArn=TOPIC, Protocol="lambda", Endpoint=FUNCTION, Attributes={"RawMessageDelivery": "true"}
        )
        text = "Delivery protocol [lambda] does not support raw message delivery."
        assert error[1] == f"Invalid parameter: Attributes Reason: {text}"

    stage(scene)


def test_a_delivery_policy_decides_the_pauses_and_the_content_type(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        retry = {
            "healthyRetryPolicy": {
                "numRetries": 8, "minDelayTarget": 2, "maxDelayTarget": 32, "numNoDelayRetries": 1,
                "numMinDelayRetries": 1, "numMaxDelayRetries": 1, "backoffFunction": "exponential",
            },
            "requestPolicy": {"headerContentType": "application/json"},
        }  # fmt: skip
        await sns.subscribe(protocol="http", endpoint=WEB, DeliveryPolicy=json.dumps(retry))
        await sns.call("ConfirmSubscription", TopicArn=TOPIC, Token=sns.bodies()[0]["Token"])
        await sns.publish()
        push = sns.pushed[-1]
        assert [round(pause, 6) for pause in push.policy.pauses] == [0, 2, 2, 4, 8, 16, 32, 32]
        assert (push.policy.attempts, push.policy.longest) == (9, 3_600)
        assert push.delivery.attributes["Content-Type"] == ("String", "application/json")
        off = {"http": {"disableSubscriptionOverrides": True}}
        await sns.call(
            "SetTopicAttributes", TopicArn=TOPIC, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(off)
        )
        await sns.publish()
        assert sns.pushed[-1].policy.pauses == (20, 20, 20)

    stage(scene)


@pytest.mark.parametrize(
    ("policy", "taken"),
    [
        ('{"healthyRetryPolicy": null, "requestPolicy": null, "throttlePolicy": null}', True),
        ('{"healthyRetryPolicy": {"numRetries": null, "backoffFunction": null}}', True),
        ('{"requestPolicy": {"headerContentType": null}}', True),
        ('{"healthyRetryPolicy": []}', False),
        ('{"healthyRetryPolicy": {"numRetries": true}}', False),
        ('{"healthyRetryPolicy": {"backoffFunction": [1]}}', False),
        ('{"requestPolicy": "text/plain"}', False),
        ('{"requestPolicy": {"headerContentType": 5}}', False),
        ('{"throttlePolicy": [1]}', False),
        ('{"requestPolicy": {"headerContentType": "text/plain; a\\r\\nb: c"}}', False),
        ("[" * 5_000, False),
    ],
)
def test_a_delivery_policy_is_whole_or_refused(stage, policy: str, taken: bool) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        arn = await sns.subscribe(protocol="http", endpoint=WEB)
        await sns.call("ConfirmSubscription", TopicArn=TOPIC, Token=sns.bodies()[0]["Token"])
        given = {"SubscriptionArn": arn, "AttributeName": "DeliveryPolicy", "AttributeValue": policy}
        assert ("Error" not in await sns.call("SetSubscriptionAttributes", **given)) is taken
        await sns.publish()
        assert len(sns.pushed[1].policy.pauses) == 3

    stage(scene)
