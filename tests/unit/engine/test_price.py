"""What known amounts cost by AWS's prices of today."""

import pytest

from lambent.engine.price import (
    Machine,
    Use,
    as_on_demand,
    as_provisioned,
    bill,
    gb_seconds,
    in_a_month,
    of_machine,
    on_arm,
    with_memory,
)
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
    assert cost("lambda:duration:x86_64", used) == pytest.approx(0.0020833375)
    assert cost("lambda:requests", 1000) == pytest.approx(0.0002)


def test_idle_provisioned_concurrency_is_cheaper_than_what_runs_in_it() -> None:
    """Who takes the price of what runs ($0.0000097222) for that of standing ready comes to $4.20 a day and $126 a
    month: AWS asks for $1.80 and $54."""
    used = 10 * gb_seconds(1000, 512) * DAY
    assert used == 432_000
    assert cost("lambda:provisioned:x86_64", used) == pytest.approx(1.80, abs=0.01)
    assert cost("lambda:provisioned:x86_64", used * 30) == pytest.approx(54, abs=0.1)
    assert cost("lambda:provisioned-duration:x86_64", used) == pytest.approx(4.20, abs=0.01)


def test_a_unit_of_provisioned_concurrency_of_a_gigabyte_is_a_cent_and_a_half_an_hour() -> None:
    """$0.015 an hour for each, and $1,080 a month for 100 of them, is right for 1,024 MB and no other size."""
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


FUNCTION = [
    Use("lambda:requests", "f", 1e6),
    Use("lambda:duration:x86_64", "f", gb_seconds(300, 512) * 1e6, 512),
    Use("lambda:duration:x86_64", "g", 10.0, 128),
]


def dollars(uses: list[Use], **asked: float) -> float:
    return sum(line.dollars for line in bill(uses, **asked))


def test_twice_the_memory_costs_twice_as_much_if_it_is_as_fast() -> None:
    assert with_memory(FUNCTION[1], 1024).quantity == pytest.approx(2 * FUNCTION[1].quantity)
    assert with_memory(FUNCTION[0], 1024) == FUNCTION[0]


def test_what_stands_ready_costs_the_same_however_much_comes() -> None:
    """That it always increases the bill is not so: what runs in it is cheaper by two fifths, which pays for it where it
    is busy."""
    ready = as_provisioned(FUNCTION, "f", 10, 512, DAY)
    prices = {(use.price, use.subject): use.quantity for use in ready}
    assert prices["lambda:provisioned:x86_64", "f"] == 432_000
    assert prices["lambda:provisioned-duration:x86_64", "f"] == FUNCTION[1].quantity
    assert prices["lambda:duration:x86_64", "g"] == 10.0
    assert as_on_demand(ready) == [FUNCTION[2], *FUNCTION[:2]]
    nat = [Use("nat:hour", "nat-1", 730), Use("sqs:standard", "q", 1e6)]
    assert dollars(nat, load=10.0) == pytest.approx(32.85 + 4.0)
    busy = [Use("lambda:duration:x86_64", "f", 432_000, 512)]
    assert dollars(as_provisioned(busy, "f", 10, 512, DAY)) < dollars(busy)
    assert dollars(as_provisioned(FUNCTION[:2], "f", 10, 512, 3 * DAY)) > dollars(FUNCTION[:2])


def test_provisioned_concurrency_is_of_the_functions_architecture() -> None:
    ready = as_provisioned([on_arm(FUNCTION[1])], "f", 1, 1024, 3600)
    assert {use.price for use in ready} == {"lambda:provisioned-duration:arm64", "lambda:provisioned:arm64"}


def test_short_runs_of_many_states_are_cheaper_as_express() -> None:
    """$0.00001 for each transition of an Express workflow is often read: AWS asks for requests and GB-seconds, and has
    no price of transitions there."""
    machine = Machine("m", False, (250.0,) * 1000, 8000)
    standard, express = dollars(of_machine(machine, False)), dollars(of_machine(machine, True))
    assert standard == pytest.approx(0.20)
    assert express == pytest.approx(0.001 + 1000 * 0.3 * 64 / 1024 * 0.00001667)
    assert express < 8000 * 0.00001 / 10


def test_two_gateways_of_two_zones_for_a_month_are_about_64_dollars() -> None:
    assert dollars([Use("nat:hour", name, 720) for name in ("a", "b")]) == pytest.approx(64.8)
