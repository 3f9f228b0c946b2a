"""The server's benchmark: one at a time, ended with its page, its figures kept and shown to all; reports of kernels."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bokeh.models import HoverTool

from benchmarks.serving import wait_for as wait_for_server
from fastnet.dashboard.server.benchmarks import STEPS, Benchmarks, Result, Status
from fastnet.dashboard.server.places import Places
from fastnet.dashboard.views.benchmark.own_kernels import own_kernels, times_html, verified_html
from fastnet.dashboard.views.benchmark.roofline import _figure, reaches
from fastnet.dashboard.views.benchmark.tables import STEP_TITLES, contest_html, introduction, invitation, result_html
from fastnet.dashboard.views.benchmark.watch import Watch, progress_html
from fastnet.errors import DataError, OptionError
from fastnet.timing.kernel_reports import read_report

from ..conftest import PATIENCE
from .conftest import serving

KERNEL_REPORT = Path(__file__).with_name("kernel_report.json")  # what `fastnet benchmark --kernel` printed
TINY = (sys.executable, "-P", str(Path(__file__).with_name("tiny_benchmark.py")), "--json", "--roofline")


def fake(code: str) -> Benchmarks:
    return Benchmarks(Places(), [sys.executable, "-c", f"import signal, sys, time\n{code}"])


WAITS = "sys.stderr.write('   1 s  -- adam_step\\n   1 s  numpy: threads 2\\n'); sys.stderr.flush(); time.sleep(3600)"


def wait_for(condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_progress_is_told_and_only_its_owner_stops_a_benchmark():
    benchmarks, mine, other = fake(WAITS), object(), object()
    benchmarks.start(mine)
    wait_for(lambda: benchmarks.status.text == "numpy: threads 2")
    assert STEPS[benchmarks.status.step - 1] == "adam_step"
    with pytest.raises(OptionError, match="running already"):
        benchmarks.start(other)
    benchmarks.stop(other)
    assert not benchmarks.status.is_stopping
    benchmarks.stop(mine)
    wait_for(lambda: not benchmarks.status.is_running)
    assert (benchmarks.status.problem, benchmarks.status.result) == ("", None)


def test_no_benchmark_beside_a_training_and_no_training_beside_a_benchmark():
    places, training = Places(2), object()
    benchmarks = Benchmarks(places, [sys.executable, "-c", "import time; time.sleep(3600)"])
    assert places.take(training)
    with pytest.raises(OptionError, match="a training is running"):
        benchmarks.start(benchmarks)
    places.free(training)
    benchmarks.start(benchmarks)
    assert not places.take(training)
    benchmarks.close()
    wait_for(lambda: not benchmarks.status.is_running)
    assert places.take(training)


def test_one_that_does_not_stop_is_killed(monkeypatch):
    monkeypatch.setattr("fastnet.dashboard.server.benchmarks.STOP_WITHIN", 0.5)
    benchmarks = fake(f"signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}")
    benchmarks.start(benchmarks)
    wait_for(lambda: benchmarks.status.step)
    benchmarks.close()
    assert benchmarks.status.is_stopping
    wait_for(lambda: not benchmarks.status.is_running)


def test_one_that_fails_says_why_and_earlier_figures_stay():
    benchmarks = fake("sys.exit('fastnet benchmark: no memory')")
    benchmarks.status = Status(result=Result({"samples": 1}, 0.0))
    benchmarks.start(benchmarks)
    wait_for(lambda: not benchmarks.status.is_running)
    assert benchmarks.status.problem == "the benchmark ended without figures: fastnet benchmark: no memory"
    assert benchmarks.status.result.figures == {"samples": 1}


def test_rivals_end_with_the_benchmark():
    benchmarks = Benchmarks(Places(), TINY)
    benchmarks.start(benchmarks, 2000)
    session = benchmarks._process.pid
    wait_for(lambda: len(processes_of(session)) > 1)
    benchmarks.stop(benchmarks)
    wait_for(lambda: not benchmarks.status.is_running)
    wait_for(lambda: processes_of(session) == [])


def processes_of(session: int) -> list[str]:
    listed = subprocess.run(["ps", "-o", "pid=", "-s", str(session)], capture_output=True, text=True, check=False)
    return listed.stdout.split()


@pytest.fixture(scope="module")
def result():
    """Of a benchmark with few contests."""
    benchmarks = Benchmarks(Places(), TINY)
    benchmarks.start(benchmarks, 1000)
    wait_for(lambda: not benchmarks.status.is_running)
    assert benchmarks.status.problem == ""
    return benchmarks.status.result


def test_figures_are_kept_with_their_time(result):
    assert abs(result.finished - time.time()) < 600
    assert [row["name"] for row in result.figures["contests"]["epoch"]] == ["fastnet", "numpy"]
    assert len(result.figures["roofline"]["kernels"]) == 7
    assert all(row["share"] > 0 for row in result.figures["roofline"]["kernels"])


def test_the_table_shows_medians_and_machine(result):
    text = result_html(result)
    assert "an epoch of 1,000 images" in text
    assert "the NumPy reference" in text
    assert f"{os.cpu_count()} CPUs" in text
    assert "Not installed: JAX." in text


def test_words_on_kernels_on_one_spot_stand_below_one_another():
    row = {"seconds": 1e-5, "flop": 1e6, "intensity": 2.0}
    bandwidths = {"L1": 2e11, "memory": 2e10}
    roof = {"flop": 2e11, "read": bandwidths, "update": bandwidths}
    plot = _figure({"ceilings": roof, "kernels": [{**row, "name": name} for name in ("one", "other")]})
    [marks] = plot.select_one(HoverTool).renderers  # each would have a box of words
    assert marks.data_source.data["name"] == ["one", "other"]


def test_no_kernel_is_said_to_reach_more_than_all_or_nothing_of_what_it_waits_for():
    told = [reaches({"share": share, "bound": "L3"}) for share in (1.57, 0.42, 0.001)]
    assert told == ["all of L3, and more from nearer caches", "42% of L3", "<1% of L3"]


def test_bars_are_in_proportion_and_failures_are_told():
    rows = [
        {"name": "fastnet", "seconds": 1.0, "least": 0.5, "most": 2.0, "ratio": 1.0, "settings": {"threads": 2}},
        {"name": "numpy", "seconds": 3.0, "least": 3.0, "most": 4.0, "ratio": 3.0, "settings": {}},
        {"name": "jax", "error": "<died>"},
    ]
    text = contest_html("an epoch", rows)
    assert '<b style="width: 25.00%"></b><i style="left: 12.50%; width: 37.50%"></i>' in text
    assert '<b style="width: 75.00%">' in text
    assert "failed: &lt;died&gt;" in text


def test_every_step_has_a_title():
    assert len(STEP_TITLES) == len(STEPS)


def test_another_visitor_sees_the_benchmark_and_may_not_start_a_second():
    benchmarks = fake(WAITS)
    first, second = Watch(benchmarks), Watch(benchmarks)
    first.press(1000)
    second.look()
    assert (first.button, first.is_waiting) == ("Stop", False)
    assert (second.button, second.is_waiting, second.is_running) == ("Start", True, True)
    assert "for another visitor" in second.progress
    second.stop()
    assert not benchmarks.status.is_stopping
    first.press(1000)
    wait_for(lambda: not benchmarks.status.is_running)
    second.look()
    assert (second.button, second.is_waiting, second.progress) == ("Start", False, "")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("numpy: trying threads 1", "the NumPy reference"),
        ("fastnet, 1 thread: final of threads 1", "fastnet, 1 thread"),
        ("round 2 of 3: fastnet 1.2 ms", "round 2 of 3"),
        ("training 1 of 1, epoch 2: fastnet 140 ms", "training 1 of 1, epoch 2"),
        ("compiling the kernels for this machine, once; kept in /home/me/.cache/fastnet", "compiling the kernels"),
        ("epoch without jax: /home/me/jax.py is broken", "at work"),
        ("stopping", "stopping"),
        ("", "preparing"),
    ],
)
def test_progress_is_told_in_words_for_visitors(line, words):
    told = progress_html(Status(object(), 1, line, time.time()), True, "")
    assert re.search(r" s, (.*)</span>", told)[1] == words


def test_what_fastnet_races_is_what_is_installed(monkeypatch):
    installed = set()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name if name in installed else None)
    assert "races the NumPy reference alone: no other program for this is installed here" in invitation()
    assert "with fastnet and the NumPy reference, each" in introduction()
    installed |= {"torch", "sklearn"}
    assert "races the NumPy reference, PyTorch and scikit-learn, one after the other" in invitation()
    assert "with fastnet, the NumPy reference, PyTorch and scikit-learn, each" in introduction()


def test_a_problem_is_escaped_and_its_names_keep_their_capitals():
    told = progress_html(Status(), True, "the benchmark ended: <b>NumPy</b>")
    assert "The benchmark ended: &lt;b&gt;NumPy&lt;/b&gt;." in told


@pytest.fixture
def report():
    """What `fastnet benchmark --kernel ... --json` printed."""
    return json.loads(KERNEL_REPORT.read_text(encoding="utf-8"))


def test_a_report_of_a_kernel_shows_verdict_times_and_machine(report, tmp_path):
    whole = read_report(KERNEL_REPORT)
    assert "layer_norm against textbook: all 3 cases hold" in verified_html(whole.verified)
    times = times_html(whole)
    ratio = report["timings"][0]["ratios"]["reference"]
    assert f"<td>{ratio:.1f}x</td>" in times
    assert f"Measured on {report['environment']['cpu']}, 1 thread, 16 float32 lanes" in times
    report["verified"] |= {"kernel": "<b>", "agrees": False}
    report["verified"]["findings"][1]["fault"] = "out[0] is <nan>"
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"verified": report["verified"]}))
    told = verified_html(read_report(wrong).verified)
    assert "&lt;b&gt; against textbook: 1 of 3 cases fail" in told
    assert "1x1: out[0] is &lt;nan&gt;." in told
    assert "It was not timed" in times_html(read_report(wrong))
    *_, gone = own_kernels([KERNEL_REPORT, wrong, tmp_path / "gone.json"])
    assert "Gone.json: no such file" in gone.object  # and not where
    assert str(tmp_path) not in gone.object


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda report: report.pop("verified"), "verified must be an object"),
        (lambda report: report["timings"][0].pop("case"), r"timings\[0\].case must be text"),
        (lambda report: report["timings"][0]["seconds"].update(kernel=0), "kernel must be from 1e-12"),
        (lambda report: report["timings"][0].update(flop=-1.0), r"flop must be from 0"),
        (lambda report: report["timings"][0]["seconds"].pop("reference"), "must have the kernel's seconds"),
        (lambda report: report.update(load_average="high"), "load_average must be a number"),
    ],
)
def test_what_is_no_report_is_told(report, tmp_path, change, sentence):
    change(report)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report))
    with pytest.raises(DataError, match=rf"is no report of `fastnet benchmark --kernel ... --json`: .*{sentence}"):
        read_report(path)


def test_a_report_that_nobody_can_read_keeps_the_page_from_being_served(fastnet, tmp_path):
    (tmp_path / "list.json").write_text("[1]")
    code, _, err = fastnet("dashboard", "--report", tmp_path / "list.json")
    assert (code, "it must hold an object" in err) == (2, True)


@pytest.fixture(scope="module")
def address(result, tmp_path_factory):
    """A server with a kernel's report, whose benchmark of 1,000 images comes to that result; another never ends."""
    figures = tmp_path_factory.mktemp("benchmark") / "figures.json"
    figures.write_text(json.dumps(result.figures))
    measure = f"""
import sys, time
if sys.argv[-1] != "1000":
    {WAITS}
print(open({str(figures)!r}).read())
"""
    serve = f"""
import sys
from pathlib import Path
from fastnet.dashboard import app
from fastnet.dashboard.server import benchmarks
benchmarks.Benchmarks.__init__.__defaults__ = ((sys.executable, "-c", {measure!r}),)
app.serve(app.Serving(int(sys.argv[1])), reports=(Path({str(KERNEL_REPORT)!r}),))
"""
    with serving(["-c", serve]) as root:
        wait_for_server(root, PATIENCE)
        yield root


def test_a_click_measures_and_a_later_visitor_sees_the_figures(open_page):
    from playwright.sync_api import expect

    page = open_page(search="?tab=benchmark")
    expect(page.get_by_role("heading", name="Kernels of your own")).to_be_visible()
    expect(page.get_by_role("heading", name="Where the kernels stand")).to_be_hidden()  # nothing has been measured
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("progressbar", name="Benchmark")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("progressbar", name="Benchmark")).to_have_count(0)
    page.get_by_role("combobox").click()
    page.get_by_text("1,000 images", exact=True).click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("an epoch of 1,000 images")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_be_enabled()
    page.get_by_role("button", name="Playful").click()
    expect(page.get_by_role("table")).to_have_count(1)
    expect(
        page.get_by_text(re.compile(r"learned from 1,000 digits in [\d.]+ m?s; it took .* times as long"))
    ).to_be_visible()
    expect(page.get_by_role("heading", name="Where the kernels stand")).to_be_hidden()
    later = open_page("phone", "?tab=benchmark")
    expect(later.get_by_text("an epoch of 1,000 images")).to_be_visible()
    expect(later.get_by_role("row", name="adam_step")).to_be_visible()
    expect(later.get_by_role("heading", name="layer_norm against textbook: all 3 cases hold")).to_be_visible()
    expect(later.get_by_role("row", name="layer_norm, 4096x512 440 us 32% of L3")).to_be_visible()
    expect(later.locator(".bk-Canvas, canvas").first).to_be_attached()
    assert later.evaluate("document.documentElement.scrollWidth <= innerWidth")
