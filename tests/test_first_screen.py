"""README's first screen: its figures are those of the documents, which measured them."""

from pathlib import Path

from benchmarks.publishing import between_marks, write_between_marks
from benchmarks.studies import first_screen

ROOT = Path(__file__).parents[1]
TABLE = """\
| | an epoch | fastnet is faster by |
|---|--:|--:|
| fastnet | {ours} |  |
| JAX | {theirs} | 3.0x |
| {only} | 9 s | 9.0x |
| dense products alone, at the CPU's peak | 90 ms | |

Measured 2026-01-02 (medians of 5 interleaved rounds) on 2 CPUs, {cpu}, Python 3.11.7, numpy 2.4.6."""
ZEN_5 = TABLE.format(ours="100 ms", theirs="300 ms", only="Keras", cpu="AMD EPYC (Zen 5)")
EMERALD_RAPIDS = TABLE.format(
    ours="200 ms", theirs="600 ms", only="skorch", cpu="Intel(R) Xeon(R) Processor (Emerald Rapids)"
)


def test_figures_are_those_of_the_documents(monkeypatch):
    monkeypatch.chdir(ROOT)
    for name, text in first_screen.first_screen().items():
        assert between_marks(ROOT / "README.md", name) == text, "make first-screen brings it up to date"


def test_machines_stand_side_by_side_with_the_rivals_of_both():
    table = first_screen.speed_table([ZEN_5, EMERALD_RAPIDS])
    assert table.splitlines() == [
        "| an epoch of MNIST | AMD EPYC (Zen 5) | Intel Xeon (Emerald Rapids) |",
        "|---|--:|--:|",
        "| **fastnet** | **100 ms** | **200 ms** |",
        "| JAX | 300 ms (3.0x) | 600 ms (3.0x) |",
        "",
        "784-512-10, batch 64, Adam; medians of rounds in turn. AMD EPYC (Zen 5): 2 CPUs, 5 rounds, 2026-01-02;"
        " Intel Xeon (Emerald Rapids): 2 CPUs, 5 rounds, 2026-01-02.",
    ]


def test_a_cpu_gets_its_column_once_its_table_is_filled(tmp_path, monkeypatch):
    document = tmp_path / "speed.md"
    sections = [("zen5", ZEN_5 + "\n"), ("zen4", ""), ("emeraldrapids", EMERALD_RAPIDS + "\n")]
    text = "\n".join(f"<!-- epochs-{cpu} -->\n{table}<!-- end epochs-{cpu} -->\n" for cpu, table in sections)
    document.write_text(text, encoding="utf-8")
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(first_screen, "TIMES", document)
    assert first_screen.first_screen()["speed"] == first_screen.speed_table([ZEN_5, EMERALD_RAPIDS])
    zen_4 = TABLE.format(ours="150 ms", theirs="450 ms", only="Keras", cpu="AMD EPYC (Zen 4)")
    write_between_marks(document, "epochs-zen4", zen_4)
    assert first_screen.first_screen()["speed"] == first_screen.speed_table([ZEN_5, zen_4, EMERALD_RAPIDS])
