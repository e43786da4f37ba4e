from lambent.observe.flood import LINE_UNITS, Allowance


def test_a_burst_is_kept_and_what_exceeds_it_is_not() -> None:
    allowance = Allowance(burst=1000, rate=100)
    assert allowance.take(600, 0, 0.0)
    assert allowance.take(600, 0, 0.0)
    assert allowance.over
    assert not allowance.take(1, 0, 0.0)


def test_after_a_quarter_is_full_again_a_piece_is_kept() -> None:
    allowance = Allowance(burst=1000, rate=100)
    allowance.take(1001, 0, 0.0)
    assert not allowance.take(1, 0, 2.4)
    assert allowance.take(200, 0, 2.6)
    assert not allowance.over


def test_lines_count_beside_their_bytes() -> None:
    allowance = Allowance(burst=100 * LINE_UNITS, rate=1)
    allowance.take(1, 101, 0.0)
    assert allowance.over


def test_the_sustained_rate_is_kept_for_ever() -> None:
    allowance = Allowance(burst=1000, rate=100)
    assert all(allowance.take(100, 0, float(second)) for second in range(1000))


def test_a_clock_that_stands_fills_nothing() -> None:
    allowance = Allowance(burst=1000, rate=100)
    allowance.take(1001, 0, 50.0)
    assert not allowance.take(1, 0, 50.0)
    assert not allowance.take(1, 0, 49.0)
