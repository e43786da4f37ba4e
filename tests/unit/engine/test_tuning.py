"""What runs at several sizes come to, and which size is best: figures of AWS Lambda Power Tuning."""

import base64
import struct

import pytest

from lambent.engine.tuning import (
    Run,
    Stat,
    best,
    cpu_part,
    factor_of,
    link,
    output,
    price,
    read_report,
    stat,
    trimmed_mean,
)

REPORT = (
    "START RequestId: a\nEND RequestId: a\n"
    "REPORT RequestId: a\tDuration: 10.20 ms\tBilled Duration: 111 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t"
    "Init Duration: 100.30 ms\t\n"
)
STATS = [Stat(128, 2400.0, 5.0e-6, 1e-5), Stat(512, 600.0, 5.0e-6, 1e-5), Stat(1024, 300.0, 6.0e-6, 1e-5)]


def test_a_cold_start_counts_with_its_init_as_it_is_billed() -> None:
    assert read_report(REPORT) == Run(pytest.approx(110.5), 111.0)
    assert read_report("START RequestId: a\n") is None


def test_a_fifth_at_either_end_is_left_out() -> None:
    assert trimmed_mean([500, 1, 10, 11, 12, 13, 14, 0, 600, 12]) == pytest.approx(12.0)
    assert trimmed_mean([4.0]) == 4.0


def test_every_millisecond_that_began_is_billed_and_no_request() -> None:
    assert price(128, 0.2, "x86_64") == price(128, 1.0, "x86_64") == pytest.approx(2.1e-9, rel=0.01)
    assert price(1024, 100, "arm64") == pytest.approx(0.1 * 0.0000133334)


def test_a_stat_is_the_mean_and_the_sum_of_runs() -> None:
    made = stat(1024, [Run(100.0, 100.0)] * 5, "x86_64", factor=2.0)
    assert (made.power, made.duration) == (1024, 200.0)
    assert made.total == pytest.approx(5 * made.cost) == pytest.approx(5 * price(1024, 200, "x86_64"))


def test_strategies_choose_the_cheapest_the_fastest_and_what_lies_between() -> None:
    assert best(STATS, "cost").power == 512, "of those that cost the same, the faster one"
    assert best(STATS, "speed").power == 1024
    assert [best(STATS, "balanced", weight).power for weight in (0.5, 0.7, 0.0)] == [512, 512, 1024]


def test_the_link_is_what_its_page_reads() -> None:
    url, _, encoded = link(STATS[::-1]).partition("#")
    sizes, times, costs = (base64.b64decode(one) for one in encoded.split(";"))
    assert url == "https://lambda-power-tuning.show/"
    assert struct.unpack("<3h", sizes) == (128, 512, 1024)
    assert struct.unpack("<3f", times) == (2400.0, 600.0, 300.0)
    assert struct.unpack("<3f", costs) == pytest.approx((5e-6, 5e-6, 6e-6))


def test_the_output_has_the_members_that_scripts_read() -> None:
    said = output(STATS, STATS[1], 3)["results"]
    assert (said["power"], said["duration"], said["cost"]) == (512, 600.0, 5.0e-6)
    assert said["stateMachine"]["executionCost"] == pytest.approx(0.00038)  # 15 transitions, rounded as there
    assert said["stateMachine"]["lambdaCost"] == pytest.approx(3e-5)
    assert said["stats"][0] == {"value": 128, "averagePrice": 5.0e-6, "averageDuration": 2400.0}


@pytest.mark.parametrize(("waiting", "part"), [(0.0, 1.0), (1000.0, 0.58), (1e9, 0.0)])
def test_what_falls_with_power_is_computed_and_the_rest_is_waited_for(waiting: float, part: float) -> None:
    stats = [Stat(power, waiting + 100 * 1769 / power, 1.0, 1.0) for power in (128, 256, 1024, 3008)]
    assert cpu_part(stats) == pytest.approx(part, abs=0.01)


def test_nothing_is_said_of_one_power_or_of_those_above_a_vcpu() -> None:
    assert cpu_part(STATS[:1]) is None
    assert cpu_part([Stat(2048, 1.0, 1.0, 1.0), Stat(3008, 1.0, 1.0, 1.0)]) is None


def test_a_figure_from_aws_calibrates() -> None:
    assert factor_of(STATS, 1024, 450.0) == pytest.approx(1.5)
    assert factor_of(STATS, 999, 450.0) == 0.0
