from itertools import combinations
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukport.verify.measure import Call, call, chance, measures, spread, time_between_marks

FIGURES = st.lists(st.integers(1, 6).map(float), min_size=1, max_size=5)


def ranked(left: list[float], right: list[float]) -> float:
    """The same p by going through all ways to deal the figures out."""
    everything = left + right
    ranks = [
        sum(other < one for other in everything) + (everything.count(one) + 1) / 2
        for one in everything
    ]
    middle = len(left) * (len(everything) + 1) / 2
    seen = abs(sum(ranks[: len(left)]) - middle)
    sums = [sum(dealt) for dealt in combinations(ranks, len(left))]
    return sum(abs(total - middle) >= seen for total in sums) / len(sums)


@given(FIGURES, FIGURES)
def test_the_chance_is_that_of_all_ways_to_deal_the_figures_out(left, right):
    assert chance(left, right) == pytest.approx(ranked(left, right))
    assert chance(left, right) == pytest.approx(chance(right, left))


def test_published_values():
    # the corners of the tables of the rank-sum test
    assert chance([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]) == pytest.approx(2 / 252)
    assert chance([1, 3, 5, 7], [2, 4, 6, 8]) == pytest.approx(0.6857, abs=1e-4)


def test_a_call_needs_enough_rounds_and_figures_that_stand_apart():
    noise = [0.98, 1.0, 1.01, 1.02, 1.0]
    assert call([0.7, 0.71, 0.72, 0.69, 0.7], noise) is Call.LESS
    assert call([1.4, 1.5, 1.4, 1.3, 1.6], noise) is Call.MORE
    assert call([0.99, 1.0, 1.01, 1.02, 0.97], noise) is Call.NOISE
    # one outlier is enough where there are five
    assert call([0.7, 0.71, 0.72, 0.69, 1.5], noise) is Call.NOISE
    assert call([0.7] * 4, noise) is Call.FEW


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=30))
def test_quartiles_stand_around_the_median(figures):
    found = spread(figures)
    assert min(figures) <= found.low <= found.median <= found.high <= max(figures)
    assert found.median == pytest.approx(median(figures))


def test_measures_are_whole_lines_of_the_console():
    console = b"""Powered by
ukport: measure count 123 ticks\r
say ukport: measure count 9 ticks
ukport: measure left 77 B
ukport: measure count -4 ticks
ukport: measure count 99999999999999999999999 ticks
"""
    assert measures(console) == {"count ticks": 123, "left B": 77}


def test_the_time_is_what_the_emulator_took_between_the_marks():
    console = b"boot\r\nukport: measure from\r\nx\nukport: measure to\r\nend\n"
    arrivals = ((6, 100), (28, 250), (30, 260), (50, 900), (54, 950))
    assert time_between_marks(console, arrivals) == 650
    assert time_between_marks(console, ((54, 950),)) == 1
    assert time_between_marks(console.replace(b"from", b"form"), arrivals) == 0
    assert time_between_marks(b"say " + console.replace(b"\n", b" "), arrivals) == 0


@given(st.binary())
def test_any_console_can_be_read(console):
    assert all(value >= 0 for value in measures(console).values())
