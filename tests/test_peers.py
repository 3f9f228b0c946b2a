"""The comparison with rivals: its protocol, its arithmetic, its table; and fastnet's two peers learn the task."""

import copy
import json
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks import publishing
from benchmarks.studies import tables
from fastnet.timing import contests, peak
from fastnet.timing.rivals import numba_engine, process, protocol
from fastnet.timing.rivals.process import Entrant, RivalError, RivalProcess

from .conftest import PATIENCE

FAKE = '''
"""A rival that pretends, and is as fast as its settings say."""
import os
import sys
from fastnet.timing.rivals.protocol import Peer, serve

class Fake(Peer):
    dataset = type("Dataset", (), {"train": range(100)})

    def fresh(self):
        print("this is not JSON, and must not disturb")

    def warm(self):
        pass

    def trial(self):
        return {"slow": 2.0, "fast": 1.0}[self.settings["gear"]]

    def train(self, rows):
        assert sorted(rows) == list(range(100))
        return self.trial(), 0.5

    def accuracy(self):
        return 0.9

    def kernel_inference(self):
        return lambda: None

    def kernel_die(self):
        sys.exit("my last words")

serve(Fake)
'''


@pytest.fixture
def fake(tmp_path, monkeypatch):
    (tmp_path / "fake_rival.py").write_text(FAKE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "fake_rival"


# ---- Protocol -------------------------------------------------------------------------------------------------------


def test_a_rival_answers(fake):
    with RivalProcess(fake, {"gear": "slow"}) as rival:
        assert rival.ask("warm")["seconds"] >= 0
        assert rival.ask("fresh") == {}
        answer = rival.ask("epoch")
        assert (answer["seconds"], answer["loss"]) == (2.0, 0.5)
        assert answer["wall_seconds"] > 0
        assert 0 < rival.ask("kernel", name="inference")["seconds"] < 1
        assert rival.ask("peak_memory")["bytes"] > 2**20
        assert rival.ask("versions") == {"versions": {"numpy": np.__version__}}


def test_memory_is_told_wherever_the_system_does(monkeypatch):
    told = protocol.peak_memory()
    assert told > 2**20
    monkeypatch.setattr(Path, "is_file", lambda path: False)  # no /proc
    assert protocol.peak_memory() == (pytest.approx(told, rel=0.1) if find_spec("resource") else 0)
    monkeypatch.setattr(protocol, "find_spec", lambda name: None)
    assert protocol.peak_memory() == 0


def test_errors_are_answers_and_the_rival_goes_on(fake):
    with RivalProcess(fake, {"gear": "broken"}) as rival:
        with pytest.raises(RivalError, match="KeyError: 'broken'"):
            rival.ask("trial")
        with pytest.raises(RivalError, match="AttributeError"):
            rival.ask("the time")
        assert rival.ask("accuracy") == {"accuracy": 0.9}


def test_a_rival_that_dies_is_an_error_with_its_last_words(fake):
    with RivalProcess(fake, {}) as rival, pytest.raises(RivalError, match="my last words"):
        rival.ask("kernel", name="die")
    with RivalProcess("no_such_rival", {}) as rival, pytest.raises(RivalError, match="No module named") as told:
        rival.ask("warm")
    assert str(Path(sys.executable).parent) not in str(told.value)  # which is nobody's business


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads a process's state from /proc")
def test_a_rival_stands_still_unless_asked(fake):
    with RivalProcess(fake, {}) as rival:
        rival.ask("fresh")
        stat = Path(f"/proc/{rival._process.pid}/stat")
        stop = time.monotonic() + PATIENCE  # signals take a moment
        while (state := stat.read_text().rpartition(")")[2].split()[0]) != "T" and time.monotonic() < stop:
            time.sleep(0.01)
        assert state == "T"


def test_the_environment_says_how_many_threads_and_nothing_else(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    environment = process.environment_of({"threads": 3, "xla_flags": "--some"})
    assert "OMP_WAIT_POLICY" not in environment
    assert environment["OPENBLAS_NUM_THREADS"] == environment["NUMBA_NUM_THREADS"] == "3"
    assert environment["XLA_FLAGS"] == "--some"
    assert process.environment_of({"backend": "torch"})["KERAS_BACKEND"] == "torch"
    assert "OPENBLAS_NUM_THREADS" not in process.environment_of({})


def test_the_best_settings_win_and_broken_ones_are_left_out(fake):
    entrant = Entrant("fake", fake, {"fixed": 1}, {"gear": ["slow", "broken", "fast"], "colour": ["red"]})
    said = []
    final = [{"ask": "warm"}, {"ask": "fresh"}, {"ask": "epoch"}]
    best, trials = process.best_settings(entrant, [{"ask": "trial"}], final, said.append)
    assert best == {"fixed": 1, "gear": "fast", "colour": "red"}
    assert [trial.get("seconds") for trial in trials] == [2.0, None, 1.0, 1.0, 2.0]
    assert [trial.get("final") for trial in trials] == [False, None, False, True, True]
    assert any("KeyError" in text for text in said)


# ---- The driver -----------------------------------------------------------------------------------------------------


def test_a_contest_in_interleaved_rounds(fake):
    entrants = (
        Entrant("fast", fake, {"gear": "fast"}),
        Entrant("slow", fake, {"gear": "slow"}),
        Entrant("broken", fake, {"gear": "broken"}),
        Entrant("absent", fake, needs=("no_such_package",)),
    )
    benchmark = contests.Benchmark(contests.Effort(rounds=2))
    benchmark.run(contests.Contest("epoch", entrants))
    found = benchmark.result["contests"]["epoch"]["entrants"]
    assert list(found) == ["fast", "slow"]
    assert [(r["training"], r["epoch"]) for r in found["slow"]["rounds"]] == [
        (training, epoch) for training in (1, 2) for epoch in (1, 2, 3, 4, 5)
    ]
    assert found["slow"]["epochs"]["5"] == {"median": 2.0, "least": 2.0, "most": 2.0}
    assert found["fast"]["accuracy"] == 0.9
    assert benchmark.result["skipped"]["absent"] == {"epoch": "no_such_package is not installed"}
    assert "KeyError" in benchmark.result["skipped"]["broken"]["epoch"]


def test_a_contest_of_kernels(fake):
    benchmark = contests.Benchmark(contests.Effort(rounds_of_calls=2, tried=()))
    benchmark.run(contests.Contest("inference", (Entrant("fake", fake, {"gear": "fast"}),), kernel="inference"))
    assert len(benchmark.result["contests"]["inference"]["entrants"]["fake"]["rounds"]) == 2


def test_a_benchmark_that_is_late_comes_to_its_end(fake):
    benchmark = contests.Benchmark(contests.Effort(tried=("gear",), seconds=0))
    gears = Entrant("fake", fake, options={"gear": ["slow", "fast"]})
    benchmark.run(contests.Contest("epoch", (gears,)))
    found = benchmark.result["contests"]["epoch"]["entrants"]["fake"]
    assert found["settings"]["gear"] == "slow"  # the first: nothing was tried out
    assert len(found["rounds"]) == 1


def test_rounds_begin_with_another_rival_each_time():
    assert [contests.rotated(["a", "b", "c"], i) for i in (0, 1, 5)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
    ]


@pytest.mark.parametrize(("n_cpus", "expected"), [(1, [1]), (2, [2, 1]), (6, [6, 4, 2, 1])])
def test_thread_counts(n_cpus, expected):
    assert contests.thread_counts(n_cpus) == expected


def test_each_contest_has_fastnet_and_a_script_for_every_rival():
    for contest in contests.all_contests(2):
        assert "fastnet" in [entrant.name for entrant in contest.entrants]
        for entrant in contest.entrants:
            assert find_spec(entrant.module)


# ---- The dense floor ------------------------------------------------------------------------------------------------


def test_dense_flop_of_the_seed_network():
    """Forward and weights' gradient of both layers, input's gradient of the second."""
    assert peak.dense_flop((784, 512, 10), 60_000) == 60_000 * 2 * (2 * (784 * 512 + 512 * 10) + 512 * 10)
    assert peak.dense_flop((784, 512, 10), 60_000) == pytest.approx(98.2e9, rel=1e-3)
    assert peak.dense_flop((784, 10), 1) == 2 * 2 * 7840


def test_fma_peak_is_a_rate():
    assert 1e7 < peak.fma_peak(1, seconds=0.01) < 1e13


# ---- fastnet's peers ------------------------------------------------------------------------------------------------


@pytest.fixture(params=["numba_engine.FastnetPeer", "numpy_reference.NumpyReference"])
def peer(request, monkeypatch):
    module, _, name = request.param.partition(".")
    monkeypatch.setattr(protocol, "TRIAL_SAMPLES", 128)
    return getattr(import_module(f"fastnet.timing.rivals.{module}"), name)(
        {"threads": 1, "samples": 1000, "hidden": [32]}
    )


def test_peers_learn(peer):
    peer.warm()
    assert peer.trial() > 0
    peer.fresh()
    losses = [peer.reply("epoch")["loss"] for _ in range(4)]
    assert losses[-1] < 0.6 * losses[0]
    assert peer.accuracy() > 0.7
    peer.fresh()
    assert peer.reply("epoch")["loss"] == losses[0]


@pytest.mark.parametrize("kernel", ["linear_relu", "softmax_cross_entropy", "adam_step", "inference"])
def test_peers_kernels_run(peer, kernel):
    call = getattr(peer, f"kernel_{kernel}")()
    assert protocol.seconds_a_call(call, budget=0.01) > 0


def test_both_peers_answer_the_same_classes():
    """At inference, with the same weights."""
    from fastnet.models.network import Network
    from fastnet.reading.predictor import Predictor

    peer = numba_engine.FastnetPeer({"threads": 1, "hidden": [32]})
    network = Network.he_initialised(peer.layer_sizes, np.random.default_rng(0))
    test = peer.dataset.test
    classes = numba_engine.fast_inference(network, test)()
    expected = Predictor(network.parameters(), test.scale).predict(test.images)
    assert (classes == expected).mean() > 0.999  # a near tie may fall either way


# ---- The table ------------------------------------------------------------------------------------------------------


def entry(seconds, **more):
    times = {"median": seconds, "least": seconds, "most": seconds}
    epochs = {str(epoch): times for epoch in range(1, 6)}
    rounds = [{"seconds": seconds, "wall_seconds": seconds * 1.01}]
    return {"settings": {"threads": 2}, "trials": [], "rounds": rounds, "seconds": times, "epochs": epochs, **more}


RESULT = {
    "started": "2026-01-02 03:04:05+0000",
    "rounds": 3,
    "is_quick": False,
    "load_average": 0.1,
    "environment": {"cpus": 2, "cpu": "Abacus 3000", "python": "3.11.7"},
    "versions": {"numpy": "2.0", "torch": "2.13"},
    "skipped": {"jax": {"epoch": "jax is not installed"}},
    "contests": {
        "epoch": {
            "entrants": {
                "dense floor": entry(0.5),
                "fastnet": entry(0.6, peak_memory=200 * 2**20),
                "fastnet, 1 thread": entry(0.9),
                "pytorch": entry(3.6, peak_memory=1000 * 2**20),
            }
        },
        "linear_relu": {
            "entrants": {
                "fastnet": entry(1e-4),
                "fastnet, 1 thread": entry(2e-4),
                "dense floor, 1 thread": entry(1.5e-4),
                "numpy": entry(3e-4),
            }
        },
    },
    "first_step": {"cold": {"total": 12.0}, "second": [{"total": 0.7}, {"total": 0.9}, {"total": 0.8}]},
}


def test_peers_table():
    rows = {row.measure: row for row in tables.peers_rows(RESULT)}
    assert rows["epoch 1 / dense floor"].ratio == pytest.approx(1.2)
    assert not rows["epoch 1 / dense floor"].met  # an unknown CPU's aim is the floor itself
    assert rows["epoch 5: faster than PyTorch"].ratio == pytest.approx(6)
    assert not rows["2 threads: faster than one"].met
    assert rows["peak memory / PyTorch's"].ratio == pytest.approx(0.2)
    text = tables.peers_table(RESULT)
    assert "| `linear_relu`, share of one core's FMA peak | 200 us | 150 us | 75% | ≥ 80% | **no** |" in text
    assert "| 800 ms | 12 s | 0.8 s | ≤ 2 s | yes |" in text
    assert "| 2 threads: faster than one | 600 ms | 900 ms | 1.5 x | ≥ 1.75 x | **no** |" in text
    assert "Abacus 3000" in text
    assert "torch 2.13" in text
    assert "JAX (jax is not installed)" in text
    assert "scikit-learn" not in text


def test_each_cpu_has_its_table_and_the_aim_of_its_make(tmp_path, capsys):
    marks = "".join(
        f"<!-- {kind}-{cpu} -->\n<!-- end {kind}-{cpu} -->\n"
        for kind in ("peers", "epochs")
        for cpu in ("zen5", "zen4", "emeraldrapids")
    )
    document = tmp_path / "speed.md"
    document.write_text(marks, encoding="utf-8")
    for cpu in ("AMD EPYC (Zen 5)", "AMD EPYC (Zen 4)", "Intel(R) Xeon(R) Processor (Emerald Rapids)"):
        file = tmp_path / "peers.json"
        file.write_text(json.dumps(RESULT | {"environment": RESULT["environment"] | {"cpu": cpu}}), encoding="utf-8")
        for kind in ("peers", "epochs"):
            tables.main([kind, str(file), "--write", str(document)])
    text = document.read_text(encoding="utf-8")
    assert text.count("| epoch 1 / dense floor | 600 ms | 500 ms | 1.2 x | ≤ 0.68 x | **no** |") == 2
    assert text.count("| epoch 1 / dense floor | 600 ms | 500 ms | 1.2 x | ≤ 0.95 x | **no** |") == 1
    assert text.count("| PyTorch | 3.6 s | 6.0x |") == 3


@pytest.mark.parametrize(
    ("cpu", "name"),
    [
        ("AMD EPYC (Zen 5)", "ladder-zen5"),
        ("AMD EPYC (Zen 4)", "ladder-zen4"),
        ("Intel(R) Xeon(R) Processor (Sapphire Rapids)", "ladder-sapphirerapids"),
        ("Intel(R) Xeon(R) CPU @ 2.00GHz (Skylake-SP)", "ladder-skylakesp"),
        ("Intel(R) Xeon(R)", "ladder-other"),
        ("AMD EPYC", "ladder-other"),
    ],
)
def test_marks_are_named_by_the_microarchitecture(cpu, name, monkeypatch):
    monkeypatch.setattr(publishing, "environment", lambda: {"cpu": cpu})
    assert publishing.of_this_cpu("ladder") == name


def test_what_was_measured_on_one_cpu_does_not_overwrite_another(tmp_path, monkeypatch, capsys):
    document = tmp_path / "speed.md"
    zen_5 = "<!-- ladder-zen5 -->\nfast\n<!-- end ladder-zen5 -->\n"
    document.write_text(f"{zen_5}\n<!-- ladder-zen4 -->\n<!-- end ladder-zen4 -->\n", encoding="utf-8")
    monkeypatch.setattr(publishing, "environment", lambda: {"cpu": "AMD EPYC (Zen 4)"})
    publishing.publish({publishing.of_this_cpu("ladder"): "slower"}, document)
    assert publishing.tables_by_cpu(document, "ladder") == {"zen5": "fast", "zen4": "slower"}
    assert zen_5 in document.read_text(encoding="utf-8")
    monkeypatch.setattr(publishing, "environment", lambda: {"cpu": "AMD EPYC (Zen 3)"})
    with pytest.raises(
        SystemExit, match=r"speed\.md lacks the marks <!-- ladder-zen3 --> and <!-- end ladder-zen3 -->"
    ):
        publishing.publish({publishing.of_this_cpu("ladder"): "slowest"}, document)


def test_tables_are_found_by_cpu_and_empty_ones_left_out(tmp_path):
    document = tmp_path / "speed.md"
    sections = [("time-zen5", "a\n\nb\n"), ("time-zen4", ""), ("time-search-zen5", "c\n"), ("time-other", "d\n")]
    text = "\n".join(f"<!-- {name} -->\n{table}<!-- end {name} -->\n" for name, table in sections)
    document.write_text(text, encoding="utf-8")
    assert publishing.tables_by_cpu(document, "time") == {"zen5": "a\n\nb", "other": "d"}


def test_a_rival_without_an_aim_is_neither_met_nor_missed():
    row = str(tables.Row("epoch 1: faster than Keras", "1 s", "9 s", 9.0, None))
    assert row == "| epoch 1: faster than Keras | 1 s | 9 s | 9 x |  |  |"


def test_the_task_of_the_shape_of_higgs_is_learnt(monkeypatch):
    monkeypatch.setattr(protocol, "HIGGS_SHAPE", (2000, 28))
    peer = numba_engine.FastnetPeer({"threads": 1, "hidden": [32], "data": "higgs", "batch_size": 100})
    assert peer.layer_sizes == (28, 32, 2)
    peer.fresh()
    assert peer.training.recipe.batch_size == 100
    losses = [peer.reply("epoch")["loss"] for _ in range(4)]
    assert losses[-1] < 0.8 * losses[0]
    assert peer.accuracy() > 0.8


def test_a_training_of_three_epochs_has_its_table():
    result = copy.deepcopy(RESULT)
    for found in result["contests"]["epoch"]["entrants"].values():
        del found["epochs"]["4"], found["epochs"]["5"]
    assert "| epoch 3 / epoch 1 | 600 ms | 600 ms | 1 x |" in tables.peers_table(result)


def test_nan_does_not_reach_a_bar():
    assert not tables.Row("m", "", "", float("nan"), 1.0).met
    assert not tables.Row("m", "", "", float("nan"), 1.0, most=True).met


def test_a_quick_or_disturbed_run_says_so():
    result = copy.deepcopy(RESULT) | {"is_quick": True, "load_average": 3.0}
    text = tables.peers_table(result)
    assert "not to be quoted" in text
    assert "load average 3.0" in text


def test_the_table_goes_between_its_marks(tmp_path):
    document = tmp_path / "README.md"
    document.write_text("before\n<!-- peers -->\nof last week\n<!-- end peers -->\nafter\n", encoding="utf-8")
    publishing.write_between_marks(document, "peers", tables.peers_table(RESULT))
    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- peers -->\n| measure |")
    assert text.endswith("\n<!-- end peers -->\nafter\n")
    assert "of last week" not in text
