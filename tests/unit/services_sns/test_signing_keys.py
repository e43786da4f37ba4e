"""When the key that messages are signed with is made, and that it stays the same."""

from pathlib import Path

import pytest

from lambent.topics.signing import Signer

MESSAGE = {"Message": "m", "MessageId": "1", "Timestamp": "t", "TopicArn": "arn", "Type": "Notification"}


def test_a_key_is_made_for_the_first_message_and_lasts(tmp_path: Path) -> None:
    file = tmp_path / "sns.pem"
    first = Signer(file)
    assert (first.made, file.exists()) == (None, False)
    signature = first.sign(MESSAGE, "2")
    again = Signer(file)
    assert again.made is not None
    assert (again.keys.name, again.sign(MESSAGE, "2")) == (first.keys.name, signature)


def test_a_key_that_can_not_be_read_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "sns.pem"
    file.write_text("no key")
    with pytest.raises(ValueError, match="PEM"):
        Signer(file)
