from lambent.model.finding import Finding
from lambent.observe.findings import Ledger

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


def test_one_finding_for_each_code_and_resource_and_the_newest_words():
    ledger = Ledger()
    ledger.report(Finding("A", ARN, "old"))
    ledger.report(Finding("B", ARN, "other"))
    ledger.report(Finding("A", ARN, "new"))
    assert [(one.code, one.message) for one in ledger.all()] == [("B", "other"), ("A", "new")]


def test_the_oldest_make_room():
    ledger = Ledger(bound=2)
    for name in "abc":
        ledger.report(Finding(name, ARN, "text", "hint"))
    document = ledger.document()
    assert document["dropped"] == 1
    assert document["findings"][0] == {"code": "b", "resource": ARN, "message": "text", "hint": "hint"}


def test_withdrawing_takes_versions_along_but_no_namesakes():
    ledger = Ledger()
    for resource in (ARN, f"{ARN}:1", f"{ARN}oo"):
        ledger.report(Finding("A", resource, "text"))
    ledger.withdraw(ARN, "B")
    assert len(ledger.all()) == 3
    ledger.withdraw(ARN)
    assert [one.resource for one in ledger.all()] == [f"{ARN}oo"]
