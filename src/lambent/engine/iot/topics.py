"""Topics of MQTT, and the filters that they pass.

Source: https://docs.aws.amazon.com/iot/latest/developerguide/topics.html
"""

BASIC_INGEST = "$aws/rules/"
"""What a topic begins with that is for one rule alone: `$aws/rules/NAME/the/topic`."""


def passes(pattern: str, topic: str) -> bool:
    """Whether a filter lets a topic through: `+` is one level, `#` all that follow and their parent."""
    if topic.startswith("$") != pattern.startswith("$"):
        return False
    wanted, levels = pattern.split("/"), topic.split("/")
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(levels):
            return False
        if level not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)


def is_filter(text: str) -> bool:
    """Whether it is a topic filter at all."""
    levels = text.split("/")
    wrong = any(("+" in one or "#" in one) and len(one) > 1 for one in levels)
    return bool(text) and not wrong and "#" not in levels[:-1]


def ingested(topic: str) -> tuple[str, str]:
    """The rule that a topic of basic ingest is for, and the topic that it is then; ("", topic) for any other one."""
    if not topic.startswith(BASIC_INGEST):
        return "", topic
    name, _, rest = topic.removeprefix(BASIC_INGEST).partition("/")
    return name, rest
