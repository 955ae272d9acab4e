"""Contenders take turns."""

import torch

from benchmarks import timing


def scripted(phases: list[timing.Times]) -> timing.Pass:
    """A contender whose turns take these times, one after the other; each turn begins with a pass that takes long."""
    passes = iter([one for times in phases for one in ({"both": 1e6}, times)])
    return lambda: next(passes)


def test_contenders_take_turns_and_neither_first_round_nor_first_passes_count() -> None:
    order: list[str] = []
    each = {name: scripted([{"both": float(turn)} for turn in range(4)]) for name in ("ours", "theirs")}
    measured = timing.measure(each, repeats=3, max_time=1e9, on_pass=order.append)
    assert order == ["ours", "theirs"] * 4
    assert measured["ours"].times == {"both": [1.0, 2.0, 3.0]}
    assert measured["ours"].first == 0


def test_a_slow_contender_drops_out_after_three_rounds() -> None:
    each = {"quick": scripted([{"both": 0.1}] * 11), "slow": scripted([{"both": 60.0}] * 4)}
    measured = timing.measure(each, repeats=10, max_time=30, on_pass=lambda name: None)
    assert {name: rounds.count for name, rounds in measured.items()} == {"quick": 10, "slow": 3}


def test_a_contender_that_fails_stops_nobody_else() -> None:
    def failing() -> timing.Times:
        raise RuntimeError("no luck\nat all")

    each: dict[str, timing.Pass] = {"bad": failing, "good": scripted([{"both": 1.0}] * 3)}
    measured = timing.measure(each, repeats=2, max_time=30, on_pass=lambda name: None)
    assert measured["bad"].failure == "no luck" and measured["bad"].count == 0
    assert measured["good"].count == 2


def test_median_and_spread() -> None:
    assert timing.median([3.0, 1.0, 2.0]) == 2
    assert timing.spread([0.0, 1.0, 2.0, 3.0, 4.0]) == 1
    assert timing.spread([5.0]) == 0


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with timing.threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
