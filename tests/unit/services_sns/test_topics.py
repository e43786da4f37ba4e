"""Topics as AWS makes, shows, changes and deletes them."""

import json
from pathlib import Path

from sns_kit import ELSEWHERE, FUNCTION, HERE, QUEUE, TOPIC, WEB, Sns, play

FIFO = f"{TOPIC}.fifo"


def test_a_topic_shows_aws_s_defaults(stage) -> None:
    async def scene(sns: Sns) -> None:
        assert await sns.topic() == TOPIC
        await sns.subscribe()
        await sns.subscribe(protocol="http", endpoint=WEB)
        shown = (await sns.call("GetTopicAttributes", TopicArn=TOPIC))["Attributes"]
        policy = json.loads(shown.pop("Policy"))
        effective = json.loads(shown.pop("EffectiveDeliveryPolicy"))
        assert shown == {
            "Owner": "111111111111",
            "TopicArn": TOPIC,
            "DisplayName": "",
            "SubscriptionsPending": "1",
            "SubscriptionsConfirmed": "1",
            "SubscriptionsDeleted": "0",
        }
        [statement] = policy["Statement"]
        assert statement["Condition"] == {"StringEquals": {"AWS:SourceOwner": "111111111111"}}
        assert effective["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 3
        assert effective["http"]["disableSubscriptionOverrides"] is False

    stage(scene)


def test_a_fifo_topic_says_so(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic("t.fifo", FifoTopic="true")
        shown = (await sns.call("GetTopicAttributes", TopicArn=FIFO))["Attributes"]
        assert (shown["FifoTopic"], shown["ContentBasedDeduplication"]) == ("true", "false")
        assert shown["FifoThroughputScope"] == "Topic"

    stage(scene)


def test_making_a_topic_again_answers_the_same_one_or_says_how_it_differs(stage) -> None:
    async def scene(sns: Sns) -> None:
        tags = [{"Key": "k", "Value": "v"}]
        await sns.call("CreateTopic", Name="t", Attributes={"DisplayName": "d"}, Tags=tags)
        assert await sns.topic() == TOPIC
        assert await sns.topic(DisplayName="d") == TOPIC
        error = await sns.refused("CreateTopic", Name="t", Attributes={"DisplayName": "e"})
        text = "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
        assert error == ("InvalidParameter", text)
        error = await sns.refused("CreateTopic", Name="t", Tags=[{"Key": "k", "Value": "w"}])
        assert error[1] == "Invalid parameter: Tags Reason: Topic already exists with different tags"

    stage(scene)


def test_names_and_attributes_that_are_refused(stage) -> None:
    async def scene(sns: Sns) -> None:
        for name in ("", "a b", "x" * 257, "t.fifo"):
            assert await sns.refused("CreateTopic", Name=name) == ("InvalidParameter", "Invalid parameter: Topic Name")
        error = await sns.refused("CreateTopic", Name="t", Attributes={"FifoTopic": "true"})
        assert "must end with .fifo" in error[1]
        await sns.topic()
        bad = [
            ("Nonsense", "x"), ("SignatureVersion", "3"), ("MaximumMessageSize", "1"), ("TracingConfig", "On"),
            ("ContentBasedDeduplication", "true"), ("FifoTopic", "true"), ("Policy", "{"), ("DeliveryPolicy", "x"),
            ("DisplayName", "x" * 101), ("SQSSuccessFeedbackSampleRate", "101"),
            ("Policy", '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}]}'),
            ("DeliveryPolicy", '{"http": {"defaultHealthyRetryPolicy": {"numRetries": 101}}}'),
            ("DeliveryPolicy", '{"http": {"nonsense": 1}}'),
        ]  # fmt: skip
        for name, value in bad:
            error = await sns.refused("SetTopicAttributes", TopicArn=TOPIC, AttributeName=name, AttributeValue=value)
            assert error[0] == "InvalidParameter", (name, error)
        await sns.topic("t.fifo", FifoTopic="true")
        archive = {"AttributeName": "ArchivePolicy", "AttributeValue": '{"MessageRetentionPeriod": "1"}'}
        assert (await sns.refused("SetTopicAttributes", TopicArn=FIFO, **archive))[0] == "NotImplementedException"
        assert (await sns.refused("CreateTopic", Name="d", DataProtectionPolicy="{}"))[0] == "NotImplementedException"

    stage(scene)


def test_attributes_are_set_shown_and_taken_back(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()

        async def change(name: str, value: str) -> dict[str, str]:
            assert await sns.call("SetTopicAttributes", TopicArn=TOPIC, AttributeName=name, AttributeValue=value) == {}
            return (await sns.call("GetTopicAttributes", TopicArn=TOPIC))["Attributes"]

        assert (await change("KmsMasterKeyId", "alias/aws/sns"))["KmsMasterKeyId"] == "alias/aws/sns"
        assert [one["code"] for one in sns.findings.document()["findings"]] == ["topic-not-encrypted"]
        assert "KmsMasterKeyId" not in await change("KmsMasterKeyId", "")
        assert sns.findings.document()["findings"] == []
        retry = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 5, "minDelayTarget": 1, "maxDelayTarget": 2}}}
        shown = await change("DeliveryPolicy", json.dumps(retry))
        assert json.loads(shown["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 5
        assert shown["DeliveryPolicy"] == shown["EffectiveDeliveryPolicy"]
        assert (await change("SignatureVersion", "2"))["SignatureVersion"] == "2"

    stage(scene)


def test_a_topic_whose_subscriptions_can_not_take_large_messages(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        await sns.subscribe(protocol="http", endpoint=WEB)
        large = {"AttributeName": "MaximumMessageSize", "AttributeValue": "300000"}
        assert (await sns.refused("SetTopicAttributes", TopicArn=TOPIC, **large))[0] == "InvalidParameter"

    stage(scene)


def test_a_deleted_topic_takes_its_subscriptions_along(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        arn = await sns.subscribe(protocol="email", endpoint="a@example.com")
        for _ in range(2):
            assert await sns.call("DeleteTopic", TopicArn=TOPIC) == {}
        assert (await sns.call("ListTopics"))["Topics"] == []
        assert (await sns.call("ListSubscriptions"))["Subscriptions"] == []
        assert await sns.refused("GetTopicAttributes", TopicArn=TOPIC) == ("NotFound", "Topic does not exist")
        error = await sns.refused("GetSubscriptionAttributes", SubscriptionArn=arn)
        assert error == ("NotFound", "Subscription does not exist")
        assert sns.findings.document()["findings"] == []

    stage(scene)


def test_pages_of_a_hundred(stage) -> None:
    async def scene(sns: Sns) -> None:
        for number in range(205):
            await sns.topic(f"t{number:03}")
        found, token, pages = [], {}, 0
        while True:
            said = await sns.call("ListTopics", **token)
            found += [one["TopicArn"] for one in said["Topics"]]
            pages += 1
            if "NextToken" not in said:
                break
            token = {"NextToken": said["NextToken"]}
        assert (pages, len(found), found) == (3, 205, sorted(set(found)))
        assert (await sns.refused("ListTopics", NextToken="?"))[1] == "Invalid parameter: NextToken"

    stage(scene)


def test_tags(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        await sns.call("TagResource", ResourceArn=TOPIC, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        await sns.call("UntagResource", ResourceArn=TOPIC, TagKeys=["a", "none"])
        said = await sns.call("ListTagsForResource", ResourceArn=TOPIC)
        assert said["Tags"] == [{"Key": "b", "Value": "2"}]
        many = [{"Key": str(n), "Value": ""} for n in range(50)]
        assert (await sns.refused("TagResource", ResourceArn=TOPIC, Tags=many))[0] == "TagLimitExceeded"
        assert (await sns.refused("ListTagsForResource", ResourceArn=f"{TOPIC}x"))[0] == "ResourceNotFound"

    stage(scene)


def test_permissions(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        given = {"TopicArn": TOPIC, "Label": "l", "AWSAccountId": ["222222222222"], "ActionName": ["Publish"]}
        assert (await sns.refused("Publish", ELSEWHERE, TopicArn=TOPIC, Message="m"))[0] == "AuthorizationError"
        await sns.call("AddPermission", **given)
        assert "MessageId" in await sns.call("Publish", ELSEWHERE, TopicArn=TOPIC, Message="m")
        assert await sns.refused("AddPermission", **given) == (
            "InvalidParameter",
            "Invalid parameter: Statement already exists",
        )
        error = await sns.refused("AddPermission", **{**given, "Label": "m", "ActionName": ["Nonsense"]})
        assert error[1] == "Invalid parameter: Policy statement action out of service scope!"
        policy = json.loads((await sns.call("GetTopicAttributes", TopicArn=TOPIC))["Attributes"]["Policy"])
        assert policy["Statement"][1] == {
            "Sid": "l",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
            "Action": "SNS:Publish",
            "Resource": TOPIC,
        }
        await sns.call("RemovePermission", TopicArn=TOPIC, Label="l")
        error = await sns.refused("Publish", ELSEWHERE, TopicArn=TOPIC, Message="m")
        text = (
            f"User: arn:aws:iam::222222222222:root is not authorized to perform: SNS:Publish on resource: {TOPIC} "
            "because no resource-based policy allows the SNS:Publish action"
        )
        assert error == ("AuthorizationError", text)
        assert (await sns.refused("RemovePermission", TopicArn=TOPIC, Label="l"))[0] == "NotFound"

    stage(scene)


def test_another_account_does_nothing_with_a_topic_that_does_not_let_it(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        arn = await sns.subscribe()
        calls = [
            ("DeleteTopic", {"TopicArn": TOPIC}),
            ("GetTopicAttributes", {"TopicArn": TOPIC}),
            ("Publish", {"TargetArn": TOPIC, "Message": "m"}),
            ("PublishBatch", {"TopicArn": TOPIC, "PublishBatchRequestEntries": [{"Id": "a", "Message": "m"}]}),
            ("Subscribe", {"TopicArn": TOPIC, "Protocol": "lambda", "Endpoint": FUNCTION}),
            ("ListTagsForResource", {"ResourceArn": TOPIC}),
            ("Unsubscribe", {"SubscriptionArn": arn}),
            ("GetSubscriptionAttributes", {"SubscriptionArn": arn}),
            ("Publish", {"TopicArn": f"{TOPIC}-none", "Message": "m"}),
        ]
        for operation, params in calls:
            assert (await sns.refused(operation, ELSEWHERE, **params))[0] == "AuthorizationError", operation
        assert len((await sns.call("ListSubscriptionsByTopic", TopicArn=TOPIC))["Subscriptions"]) == 1
        assert sns.pushed == []

    stage(scene)


def test_who_is_let_in_owns_the_subscription(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        given = {"Label": "l", "AWSAccountId": ["222222222222"], "ActionName": ["Subscribe"]}
        await sns.call("AddPermission", TopicArn=TOPIC, **given)
        theirs = QUEUE.replace("111111111111", "222222222222")
        said = await sns.call("Subscribe", ELSEWHERE, TopicArn=TOPIC, Protocol="sqs", Endpoint=theirs)
        assert said["SubscriptionArn"].startswith(f"{TOPIC}:")
        [listed] = (await sns.call("ListSubscriptions", ELSEWHERE))["Subscriptions"]
        assert (listed["Owner"], listed["Endpoint"]) == ("222222222222", theirs)
        assert (await sns.call("ListSubscriptions"))["Subscriptions"] == []
        assert await sns.call("Unsubscribe", ELSEWHERE, SubscriptionArn=said["SubscriptionArn"]) == {}

    stage(scene)


def test_a_queue_of_another_account_confirms(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        theirs = QUEUE.replace("111111111111", "222222222222")
        said = await sns.call("Subscribe", TopicArn=TOPIC, Protocol="sqs", Endpoint=theirs)
        assert said["SubscriptionArn"] == "pending confirmation"
        [asked] = sns.bodies()
        assert (asked["Type"], sns.pushed[0].delivery.attributes) == ("SubscriptionConfirmation", {})

    stage(scene)


def test_another_region_has_no_such_topic(stage) -> None:
    async def scene(sns: Sns) -> None:
        await sns.topic()
        error = await sns.refused("Publish", HERE._replace(region="us-east-1"), TopicArn=TOPIC, Message="m")
        assert error == ("InvalidParameter", "Invalid parameter: TopicArn")
        for arn in ("t", "arn:aws:sqs:eu-west-1:111111111111:t", f"{TOPIC}:x"):
            assert (await sns.refused("GetTopicAttributes", TopicArn=arn))[0] == "InvalidParameter"

    stage(scene)


def test_topics_and_subscriptions_outlive_the_server(tmp_path: Path, keys) -> None:
    policy = '{"a": ["b"]}'

    async def before(sns: Sns) -> None:
        await sns.call("CreateTopic", Name="t", Tags=[{"Key": "k", "Value": "v"}])
        await sns.subscribe(FilterPolicy=policy)
        arn = await sns.subscribe(protocol="http", endpoint=WEB)
        await sns.call("Unsubscribe", SubscriptionArn=arn)
        await sns.subscribe(protocol="http", endpoint=f"{WEB}2")

    async def after(sns: Sns) -> None:
        shown = (await sns.call("GetTopicAttributes", TopicArn=TOPIC))["Attributes"]
        counted = [shown[f"Subscriptions{what}"] for what in ("Confirmed", "Pending", "Deleted")]
        assert counted == ["1", "1", "1"]
        assert (await sns.call("ListTagsForResource", ResourceArn=TOPIC))["Tags"] == [{"Key": "k", "Value": "v"}]
        await sns.publish()
        assert sns.pushed == []
        await sns.publish(MessageAttributes={"a": {"DataType": "String", "StringValue": "b"}})
        assert len(sns.pushed) == 1

    play(tmp_path, before, keys)
    play(tmp_path, after, keys)
