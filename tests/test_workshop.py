"""The kernel workshop: right kernels pass, wrong ones are found, and timings have their place on the roofline."""

import json
import os
import sys

import numpy as np
import pytest

from fastnet.errors import OptionError
from fastnet.kernels import cases as own_cases
from fastnet.kernels import jit
from fastnet.kernels.twins import arguments_of
from fastnet.timing import ceilings
from fastnet.timing.ceilings import Ceilings
from fastnet.timing.kernel_reports import read_report
from fastnet.workshop import Case, KernelError, Work, benchmark_kernel, benchmarking, cases_of, plot, unset, verify
from fastnet.workshop.naming import cases_named, function_named

ROOF = Ceilings(1, 1e11, 1e10, *({"L1": 4e11, "L2": 2e11, "L3": 1e11, "memory": 2e10} for _ in range(2)))


def double(x, out):
    out[...] = 2 * x


def make(numbers, n, m):
    return {"x": numbers(n, m), "out": unset(n, m)}


def work(n, m):
    return Work(flop=n * m, read=4 * n * m, updated=8 * n * m)


CASES = cases_of(make, work=work, timed=[(8, 32)])


def test_a_kernel_that_does_what_its_textbook_does_agrees_at_all_cases():
    report = verify(double, double, CASES, raise_first=True)
    assert report.agrees
    assert "all 18 cases hold" in str(report)
    assert len({finding.case for finding in report.findings}) == len(report.findings)


@pytest.mark.parametrize("kind", ["zeros", "denormals", "large", "one NaN", "one infinity", "not contiguous"])
def test_all_kinds_of_numbers_are_tried(kind):
    (case,) = [case for case in CASES if case.name.endswith(kind)]
    x = case.arguments()["x"]
    properties = {
        "zeros": not x.any(),
        "denormals": 0 < np.abs(x).max() < np.finfo(np.float32).tiny,
        "large": np.abs(x).max() > 1e4,
        "one NaN": np.isnan(x).sum() == 1,
        "one infinity": np.isinf(x).sum() == 1,
        "not contiguous": not x.flags.c_contiguous,
    }
    assert properties[kind]


def writes_an_input(x, out):
    double(x, out)
    x[...] = 0


def writes_beside(x, out):
    double(x, out)
    np.lib.stride_tricks.as_strided(out, (out.size + 1,), (4,))[-1] = 0


def writes_into_gaps(x, out):
    double(x, out)
    if not out.flags.c_contiguous:
        np.lib.stride_tricks.as_strided(out, (out.size,), (4,))[1] = 0


def leaves_the_tail(x, out):
    out[:, : x.shape[1] // 4 * 4] = 2 * x[:, : x.shape[1] // 4 * 4]


def drops_nan(x, out):
    double(np.nan_to_num(x, posinf=np.inf), out)


def cannot_refuse(x, out):
    if not x.flags.c_contiguous:
        out[...] = 0
    else:
        double(x, out)


def refuses_odd(x, out):
    if x.shape[1] % 2:
        raise ValueError("x must be even")
    double(x, out)


def depends_on_threads(x, out):
    double(x, out)
    if jit.get_threads() == 2:
        out *= np.float32(1 + 2**-23)


def raises(x, out):
    raise IndexError("beyond")


def slightly_off(x, out):
    out[...] = 2 * x * np.float32(1.00001)


def other_names(y, out):
    double(y, out)


calls = []


def changes(x, out):
    calls.append(None)
    out[...] = 2 * x * np.float32(1 + len(calls) % 2 * 2**-23)


def raises_on_two_threads(x, out):
    double(x, out)
    if jit.get_threads() == 2:
        raise IndexError("beyond")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (writes_an_input, r"1x1: it writes to x, which is no output"),
        (writes_beside, r"1x1: it writes outside out"),
        (writes_into_gaps, r"33x257, not contiguous: it writes outside out"),
        (leaves_the_tail, r"1x1: out\[0, 0\] is nan, should be"),
        (drops_nan, r"33x257, one NaN: out\[\d+, \d+\] is 0, should be nan"),
        (cannot_refuse, r"not contiguous: out\[\d+, \d+\] is 0, should be"),
        (refuses_odd, r"1x1: it refuses this: x must be even"),
        (depends_on_threads, r"1x1: two threads give other bits than one"),
        (raises, r"1x1: it raises IndexError: beyond"),
        (raises_on_two_threads, r"1x1: two threads raised IndexError: beyond"),
        (slightly_off, r"1x1: .* times what may be off"),
        (other_names, r"signature: it takes \(y, out\), its textbook \(x, out\)"),
        (changes, r"1x1: a second call gives other bits"),
    ],
)
def test_a_wrong_kernel_is_told_in_a_sentence(wrong, sentence):
    report = verify(wrong, double, CASES)
    assert not report.agrees
    assert "FAILS" in str(report)
    json.dumps(report.as_json(), allow_nan=False)
    with pytest.raises(KernelError, match=sentence):
        report.raise_first()


def test_outputs_of_any_type_are_guarded():
    def is_large(x, out):
        out[...] = x > 1

    case = Case("flags", lambda: {"x": np.linspace(0, 2, 9, dtype=np.float32), "out": np.zeros(9, bool)}, ("out",))
    verify(is_large, is_large, [case], raise_first=True)


def test_callables_that_tell_no_arguments_are_verified_by_what_they_do():
    class Silent:
        @property
        def __signature__(self):
            raise ValueError("no signature found")  # as of a builtin

        def __init__(self, factor):
            self.factor = factor

        def __call__(self, x, out):
            out[...] = self.factor * x

    assert arguments_of(Silent(2)) is arguments_of(max) is None
    report = verify(Silent(2), double, CASES, raise_first=True)
    assert report.findings[0].note == "Silent tells no arguments"
    assert not verify(Silent(3), double, CASES).agrees


def test_what_is_returned_is_an_output_too():
    cases = cases_of(lambda numbers, n: {"x": numbers(n)}, [(1,), (33,)], outputs=("return",), row_ulps=64)
    assert verify(lambda x: float(np.abs(x).sum()), lambda x: float(np.abs(x).sum()), cases).agrees
    assert not verify(lambda x: 1.0, lambda x: float(np.abs(x).sum()), cases).agrees


def test_a_kernel_of_the_house_holds():
    from fastnet import kernels
    from fastnet.kernels import reference

    def arguments():
        return own_cases.make_adam_step(np.random.default_rng(0), 100)

    case = Case("adam", arguments, ("param", "m", "v"), ulps=16, row_ulps=4)
    verify(kernels.adam_step, reference.adam_step, [case], raise_first=True)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: verify(double, double, []), "no case"),
        (lambda: verify(double, double, cases_of(make, outputs=("y",))), "the output y is none of x, out"),
        (lambda: verify(double, raises, CASES), "1x1: the textbook raises raises IndexError: beyond"),
        (lambda: cases_of(make, []), "at least one shape"),
        (lambda: cases_of(make, timed=[(1, 1)]), "need work"),
        (lambda: benchmark_kernel(double, double, cases_of(make)), "no case has work"),
        (lambda: benchmark_kernel(double, double, CASES, {"kernel": double}, roof=ROOF), "cannot be called 'kernel'"),
    ],
)
def test_what_cannot_be_asked_is_refused(call, sentence):
    with pytest.raises(OptionError, match=sentence):
        call()


def test_a_kernel_that_works_in_place_is_timed_on_the_same_numbers_each_time(monkeypatch):
    monkeypatch.setattr(benchmarking, "ROUNDS", 2)
    seen = []

    def double_in_place(x):
        seen.append(float(np.abs(x).max()))
        x *= 2

    cases = cases_of(lambda numbers, n: {"x": numbers(n)}, outputs=("x",), work=lambda n: work(1, n), timed=[(64,)])
    comparison = benchmark_kernel(double_in_place, double_in_place, cases[-1:], roof=ROOF)
    assert len(seen) > 100
    assert len(set(seen[2:])) <= 2  # but for the first call of each, which compiles and is not timed
    assert comparison.timings[0].seconds["kernel"] > 0


@pytest.fixture(scope="module")
def comparison():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmarking, "ROUNDS", 3)
        patch.setattr(benchmarking, "SECONDS_A_RUN", 1e-4)
        return benchmark_kernel(double, double, CASES, {"other": double}, roof=ROOF)


def test_medians_ratios_and_place_on_the_roofline(comparison):
    (timing,) = comparison.timings
    assert list(timing.seconds) == ["kernel", "reference", "other"]
    assert timing.ratio("kernel") == 1
    assert timing.standing.bound == "L1"
    assert timing.standing.share == pytest.approx((3 * 4 * 256) / 4e11 / timing.seconds["kernel"])
    (row,) = json.loads(json.dumps(comparison.as_json()))["timings"]
    assert (row["case"], row["flop"], row["bytes"]) == ("8x32", 256, 3 * 4 * 256)
    assert "of what its bound allows (L1)" in str(comparison)


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_plot_is_drawn(comparison, tmp_path, suffix):
    plot(comparison, tmp_path / f"roofline.{suffix}")
    assert (tmp_path / f"roofline.{suffix}").stat().st_size > 10_000


def test_a_kernel_that_only_moves_numbers_is_drawn_beside_its_roofs(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmarking, "ROUNDS", 1)
    moves = cases_of(make, work=lambda n, m: Work(flop=0, read=4 * n * m, updated=8 * n * m), timed=[(8, 32)])
    comparison = benchmark_kernel(double, double, moves[-1:], roof=ROOF)
    assert comparison._repr_png_()[:4] == b"\x89PNG"


# ---- Names and the command ------------------------------------------------------------------------------------------

MODULE = """
import numpy as np
from fastnet.workshop import Work, cases_of, unset

def double(x, out):
    out[...] = 2 * x

def wrong(x, out):
    out[...] = 3 * x

def make(numbers, n):
    return {"x": numbers(n), "out": unset(n)}

def work(n):
    return Work(flop=n, read=4 * n, updated=8 * n)

CASES = cases_of(make, [(5,)], work=work, timed=[(64,)])

def cases():
    return CASES
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current directory, with a module in it."""
    (tmp_path / "workshop_mine.py").write_text(MODULE)
    (tmp_path / "workshop_broken.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", os.getcwd())])
    yield tmp_path
    sys.modules.pop("workshop_mine", None)


def test_modules_of_the_current_directory_are_found(here):
    assert function_named("workshop_mine:double").__name__ == "double"
    assert len(cases_named("workshop_mine:cases")) == len(cases_named("workshop_mine:CASES")) > 6


@pytest.mark.parametrize(
    ("find", "name", "sentence"),
    [
        (function_named, "double", "must be module:name"),
        (
            function_named,
            "no_such_module:f",
            "no_such_module cannot be imported from the .* ModuleNotFoundError",
        ),
        (function_named, "workshop_broken:f", "ZeroDivisionError, division by zero"),
        (function_named, "workshop_mine:doubel", "has no doubel; did you mean double?"),
        (function_named, "workshop_mine:CASES", "is no function"),
        (cases_named, "workshop_mine:np", "must be a list of fastnet.workshop.Case"),
    ],
)
def test_what_is_not_there_is_told(here, find, name, sentence):
    with pytest.raises(OptionError, match=sentence):
        find(name)


OURS = ("benchmark", "--against", "workshop_mine:double", "--cases", "workshop_mine:CASES", "--kernel")


def test_the_command_verifies_times_and_draws(here, fastnet, monkeypatch):
    monkeypatch.setattr(ceilings, "measure", lambda threads: ROOF)
    (here / "roofline.png").write_bytes(b"")
    drawn = ("--plot", "roofline.png", "--force")
    arguments = ("workshop_mine:double", "--rival", "workshop_mine:double", *drawn, "--json")
    code, out, _ = fastnet(*OURS, *arguments)
    figures = json.loads(out)
    assert code == 0
    assert figures["verified"]["agrees"]
    assert set(figures["timings"][0]["ratios"]) == {"kernel", "reference", "workshop_mine:double"}
    assert (here / "roofline.png").stat().st_size > 0
    (here / "kernel.json").write_text(out)
    report = read_report(here / "kernel.json")
    assert [timed.case for timed in report.measured.timings] == ["64"]
    assert len(report.verified.findings) == len(figures["verified"]["findings"])


def test_a_kernel_that_disagrees_ends_the_command_with_1(here, fastnet):
    code, out, _ = fastnet(*OURS, "workshop_mine:wrong")
    assert code == 1
    assert "5  " in out
    assert "FAILS: out[" in out
    _, out, _ = fastnet(*OURS, "workshop_mine:wrong", "--json")
    (here / "kernel.json").write_text(out)
    assert read_report(here / "kernel.json").measured is None


def test_a_picture_that_exists_is_kept_unless_force_is_given(here, fastnet):
    (here / "roofline.png").write_bytes(b"mine")
    code, _, err = fastnet(*OURS, "workshop_mine:double", "--plot", "roofline.png")
    assert (code, (here / "roofline.png").read_bytes()) == (2, b"mine")
    assert "exists already; choose another --plot, or --force" in err


def test_what_a_module_prints_is_no_part_of_the_figures(here, fastnet):
    """docs/kernels.md has a module that prints its report while it is imported."""
    (here / "workshop_mine.py").write_text(MODULE + "print('imported')\n")
    _, out, err = fastnet(*OURS, "workshop_mine:wrong", "--json")
    assert json.loads(out)["verified"]["kernel"] == "wrong"
    assert "imported" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*OURS, "nowhere:f"), "nowhere cannot be imported"),
        ((*OURS, "workshop_mine:double", "--plot", "a.pdf"), "--plot draws .png or .svg"),
        ((*OURS, "workshop_mine:double", "--plot", "no/a.png"), "is no file in a directory that exists"),
        ((*OURS, "workshop_mine:double", "--force"), "--force needs --plot"),
        ((*OURS, "workshop_mine:double", "--roofline"), "takes neither"),
        (("benchmark", "--kernel", "workshop_mine:double"), "--kernel needs --against and --cases"),
        (("benchmark", "--plot", "a.png"), "--plot needs --kernel"),
        (("benchmark", "--against", ""), "--against needs --kernel"),
        (("benchmark", "--kernel", ""), "--kernel needs --against and --cases"),
        ((*OURS, ""), "'' must be module:name"),
    ],
)
def test_what_the_command_refuses(here, fastnet, arguments, sentence):
    code, out, err = fastnet(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err
