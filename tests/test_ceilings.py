"""The roofline: work counted by hand on small cases, ceilings that are rates, the tables."""

import pytest

from benchmarks.studies import roofline as roofline_page
from fastnet.timing import ceilings, roofline, work
from fastnet.timing.ceilings import Ceilings
from fastnet.timing.work import Work

# ---- Work, for a batch of 2, 3 inputs and 4 outputs -----------------------------------------------------------------


def test_work_of_a_dense_layer():
    counted = work.linear_relu(2, 3, 4)
    assert counted.flop == 48  # 2 * 4 sums of 3 products
    assert counted.read == 4 * (6 + 12 + 4)  # x, w, b
    assert counted.updated == 4 * 2 * 8  # out, fetched and written
    assert counted.working_set == 4 * (6 + 12 + 4 + 8)
    assert counted.intensity == 48 / (88 + 64)


def test_work_of_a_gradient_with_adam():
    counted = work.gradient_adam(2, 3, 4)
    assert counted.flop == 48 + 13 * 12
    assert counted.read == 4 * (6 + 8)  # x, dout
    assert counted.updated == 4 * 2 * 36  # w, m, v
    assert counted.divisions == 12


def test_sparse_work_that_visits_everything_is_dense_work():
    dense, sparse = work.linear_relu(8, 12, 5), work.sparse_linear_relu(8, 12, 5, group=4, n_visited=8 * 3)
    assert sparse.flop == dense.flop
    assert sparse.read - dense.read == 4 * 8 * 3  # the lists
    dense, sparse = work.gradient_adam(8, 12, 5), work.sparse_gradient_adam(8, 12, 5, group=4, n_visited=8 * 3)
    assert (sparse.flop, sparse.updated, sparse.divisions) == (dense.flop, dense.updated, dense.divisions)


def test_sparse_work_grows_with_what_is_visited():
    assert work.sparse_linear_relu(8, 12, 5, group=4, n_visited=7).flop == 2 * 7 * 4 * 5
    assert work.sparse_gradient_adam(8, 12, 5, group=4, n_visited=0).flop == 13 * 60


def test_work_of_the_small_kernels():
    assert work.adam_step(10) == Work(flop=130, read=40, updated=240, divisions=10)
    assert work.softmax_cross_entropy(2, 5) == Work(flop=50, read=56, updated=80)
    gather = work.gather_batch(2, 3, n_images=100)
    assert (gather.flop, gather.read, gather.updated) == (6, 6 + 32, 2 * (24 + 16))
    assert gather.working_set > 300


# ---- Ceilings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_update", [False, True])
def test_bandwidth_is_a_rate(is_update):
    assert 1e6 < ceilings.bandwidth(1, 4096, is_update, seconds=0.01) < 1e14


def test_divider_rate_is_a_rate():
    assert 1e5 < ceilings.divider_rate(1, seconds=0.01) < 1e13


def test_sizes_fill_half_of_each_cache_and_share_the_last():
    caches = {"L1": 48 * 2**10, "L2": 2**20, "L3": 32 * 2**20}
    sizes = ceilings.level_sizes(caches, n_threads=2)
    assert sizes == {"L1": 24 * 2**10, "L2": 2**19, "L3": 8 * 2**20, "memory": 128 * 2**20}
    assert ceilings.level_sizes(caches, n_threads=64)["L3"] == 2 * 2**20  # not within the second


def test_cache_sizes_grow():
    sizes = list(ceilings.cache_sizes().values())
    assert sizes == sorted(sizes)


# ---- Standing -------------------------------------------------------------------------------------------------------

LEVELS = {"L1": 200.0, "L2": 100.0, "memory": 10.0}
ROOF = Ceilings(threads=1, flop=1000.0, divisions=5.0, read=LEVELS, update={k: 2 * v for k, v in LEVELS.items()})
CACHES = {"L1": 50, "L2": 500}


def standing(counted, seconds=10.0):
    return roofline.standing("kernel", counted, seconds, ROOF, CACHES)


def test_a_kernel_is_bound_by_what_takes_longest():
    by_operations = standing(Work(flop=5000, read=40, updated=0))
    assert (by_operations.level, by_operations.bound, by_operations.share) == ("L1", "FMA", 0.5)
    by_bytes = standing(Work(flop=1, read=100, updated=200))
    assert (by_bytes.level, by_bytes.bound, by_bytes.share) == ("L2", "L2", pytest.approx(0.2))
    by_divider = standing(Work(flop=1, read=1, updated=0, divisions=20))
    assert (by_divider.bound, by_divider.share) == ("divider", 0.4)
    assert standing(Work(flop=1, read=1, updated=0, held=501)).level == "memory"


def test_tables():
    roof = Ceilings(2, 5.4e11, 1.9e10, {"L1": 1.05e12, "memory": 4.35e10}, {"L1": 8e11, "memory": 6e10})
    lines = roofline_page.ceilings_table([roof]).splitlines()
    assert lines[0] == "| | 2 threads |"
    assert "| FMA peak | 540 GFLOP/s |" in lines
    assert "| L1, read | 1,050 GB/s |" in lines
    assert "| memory, read | 43.5 GB/s |" in lines
    row = roofline_page.kernels_table([standing(Work(flop=5e6, read=4e6, updated=1e6), 1e6)]).splitlines()[-1]
    assert row.startswith("| kernel | 5 | 5 | 1 | memory | ")


def test_the_kernels_of_the_page_run():
    for counted, call in roofline.calls().values():
        call()
        assert counted.flop > 0
