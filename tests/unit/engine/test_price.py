"""What known amounts cost by AWS's prices of today."""

import pytest

from lambent.engine.price import Use, bill, gb_seconds, in_a_month, on_arm
from lambent.model.prices import PRICES

DAY, MONTH = 86_400, 30 * 86_400


def cost(price: str, quantity: float) -> float:
    return bill([Use(price, "x", quantity)])[0].dollars


def test_an_invocation_of_512_mb_and_300_ms_is_0_15_gb_seconds() -> None:
    assert gb_seconds(300, 512) == pytest.approx(0.15)
    month = [
        Use("lambda:requests", "f", 1e6),
        Use("lambda:duration:x86_64", "f", gb_seconds(300, 512) * 1e6),
    ]
    assert sum(line.dollars for line in bill(month, free_tier=True)) == 0  # 150,000 GB-s are free
    assert sum(line.dollars for line in bill(month)) == pytest.approx(2.70, abs=0.01)


def test_a_thousand_half_seconds_of_256_mb_cost_a_fifth_of_a_cent() -> None:
    used = gb_seconds(500, 256) * 1000
    assert used == pytest.approx(125)
    assert cost("lambda:duration:x86_64", used) + cost("lambda:requests", 1000) == pytest.approx(0.0023, abs=0.0001)


def test_idle_provisioned_concurrency_is_cheaper_than_what_runs_in_it() -> None:
    used = 10 * gb_seconds(1000, 512) * DAY
    assert used == 432_000
    assert cost("lambda:provisioned:x86_64", used) == pytest.approx(1.80, abs=0.01)
    assert cost("lambda:provisioned:x86_64", used * 30) == pytest.approx(54, abs=0.1)
    assert cost("lambda:provisioned-duration:x86_64", used) == pytest.approx(4.20, abs=0.01)


def test_a_unit_of_provisioned_concurrency_of_a_gigabyte_is_a_cent_and_a_half_an_hour() -> None:
    assert cost("lambda:provisioned:x86_64", 3600) == pytest.approx(0.015, abs=0.0001)


def test_networks() -> None:
    assert cost("nat:hour", 730) == pytest.approx(32.85)
    assert cost("nat:processed", 100e9) == pytest.approx(4.50)


def test_doors_and_transitions() -> None:
    assert (cost("apigateway:rest", 1e6), cost("apigateway:http", 1e6)) == (3.50, 1.00)
    assert cost("states:standard", 1000) == 0.025
    assert cost("states:express", 1) == pytest.approx(0.000001)


def test_what_is_free_is_shared_and_arm_is_a_fifth_cheaper() -> None:
    uses = [Use("lambda:duration:x86_64", "f", 300_000), Use("lambda:duration:arm64", "g", 300_000)]
    lines = {line.use.subject: line.dollars for line in bill(uses, free_tier=True)}
    assert lines["f"] == 0 and lines["g"] == pytest.approx(200_000 * 0.0000133334)
    before, after = bill(uses[:1])[0].dollars, bill([on_arm(uses[0])])[0].dollars
    assert after / before == pytest.approx(0.8, abs=0.001)


def test_a_bill_grows_and_lasts() -> None:
    line = bill([Use("sqs:fifo", "q", 2)], 5e5)[0]
    assert (line.use.quantity, line.dollars, line.service) == (1e6, 0.50, "sqs")
    assert in_a_month(3600) == 730


def test_every_price_has_a_source() -> None:
    assert all(price.source.startswith("https://aws.amazon.com/") and price.per > 0 for price in PRICES.values())
