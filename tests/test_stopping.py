"""Patience: when it runs out, and what it holds for the best."""

import math

from fastnet.training.stopping import Patience


def test_it_runs_out_when_more_than_its_epochs_brought_no_gain():
    patience = Patience(n_epochs=2, tolerance=0.1)
    figures = [0.5, 0.55, 0.58, 0.59]  # each the best, and none by 0.1 but the first
    seen = []
    for figure in figures:
        is_best = patience.look(figure)
        seen.append((is_best, patience.has_run_out))
    assert seen == [(True, False), (True, False), (True, False), (True, True)]
    assert patience.best == 0.59


def test_a_gain_starts_the_count_anew():
    patience = Patience(n_epochs=1, tolerance=0.0)
    for figure in (0.5, 0.4, 0.6, 0.5):
        patience.look(figure)
    assert patience.n_without_gain == 1
    assert not patience.has_run_out
    assert not patience.look(0.5)
    assert patience.has_run_out


def test_endless_patience_counts_and_never_runs_out():
    patience = Patience(n_epochs=math.inf, tolerance=1e9)
    for _ in range(50):
        patience.look(1.0)
    assert patience.n_without_gain == 49
    assert not patience.has_run_out
