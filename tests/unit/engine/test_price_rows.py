"""Prices that docs/seeing.md names and no other test reckons with."""

import pytest

from lambent.engine.price import Use, bill


def dollars(price: str, quantity: float, *, free_tier: bool = False) -> float:
    return sum(line.dollars for line in bill([Use(price, "x", quantity)], free_tier=free_tier))


def test_a_million_requests_are_twenty_cents_but_for_the_first() -> None:
    assert dollars("lambda:requests", 1e6) == pytest.approx(0.20)
    assert dollars("lambda:requests", 2e6, free_tier=True) == pytest.approx(0.20)


def test_a_gigabyte_of_logs_is_three_cents_a_month() -> None:
    assert dollars("logs:stored", 1e9) == pytest.approx(0.03)
    assert dollars("logs:stored", 6e9, free_tier=True) == pytest.approx(0.03)


def test_a_gigabyte_of_logs_is_half_a_dollar() -> None:
    assert dollars("logs:ingested", 1e9) == pytest.approx(0.50)
    assert dollars("logs:ingested", 6e9, free_tier=True) == pytest.approx(0.50)


def test_a_million_traces_are_five_dollars_but_for_the_first() -> None:
    assert dollars("xray:traces", 1e6) == pytest.approx(5.00)
    assert dollars("xray:traces", 1.1e6, free_tier=True) == pytest.approx(5.00)


def test_an_endpoint_is_a_cent_an_hour_in_each_zone() -> None:
    assert dollars("endpoint:hour", 2 * 730) == pytest.approx(14.60)


def test_what_functions_take_is_cheaper_by_tiers_whoever_takes_it() -> None:
    assert dollars("lambda:duration:x86_64", 6e9) == pytest.approx(100_000.2)
    assert dollars("lambda:duration:x86_64", 16e9) == pytest.approx(100_000.2 + 9e9 * 0.000015 + 1e9 * 0.0000133334)
    half = Use("lambda:duration:arm64", "f", 5e9)
    first, second = bill([half, half])
    assert first.dollars + second.dollars == pytest.approx(7.5e9 * 0.0000133334 + 2.5e9 * 0.0000120001)


def test_ten_billion_lists_of_buckets_are_fifty_thousand_dollars() -> None:
    assert dollars("s3:requests-1", 10_000 * 1e6) == pytest.approx(50_000)
    assert dollars("s3:requests-2", 1e6) == pytest.approx(0.40)
