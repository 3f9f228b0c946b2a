"""Answers for people and tables: rows, cells, what was left out, pages."""

import csv
import io

import pytest

from fastnet.cli.answers import WRITERS, in_words
from fastnet.models.probabilities import in_percent


def told(text, *, flags=(), left_out=(), grid=None, **others):
    digits = [{"digit": int(label), "probability": 0.9} for label in text if label.isdigit()]
    answer = {"path": "form.png", "text": text, "probability": 0.95, "second_label": "7", "flags": list(flags)}
    return {
        **answer,
        "digits": digits,
        "grid": grid,
        "left_out": [{"box": [0, 0, 1, 1], "reason": why} for why in left_out],
        **others,
    }


def test_one_line_is_told_on_one_line():
    assert in_words(told("4")) == "4 (95.00%, else 7)"
    assert in_words(told("42", flags=["unsure", "low contrast"])) == (
        "42 (the least sure 90.00%)  [unsure, low contrast]"
    )


def test_no_answer_is_told_to_be_certain():
    assert in_words(told("4", probability=0.99996)) == "4 (>99.99%, else 7)"
    assert in_words(told("4", probability=0.99994)) == "4 (99.99%, else 7)"
    sure = [{"digit": 4, "probability": 1.0}, {"digit": 2, "probability": 0.999999}]
    assert in_words(told("42", digits=sure)) == "42 (the least sure >99.99%)"


@pytest.mark.parametrize(
    ("probability", "decimals", "words"),
    [(1.0, 2, ">99.99%"), (0.9996, 1, ">99.9%"), (0.5, 1, "50.0%"), (0.0, 2, "<0.01%"), (0.0004, 1, "<0.1%")],
)
def test_a_probability_is_never_rounded_to_certainty(probability, decimals, words):
    assert in_percent(probability, decimals) == words


def test_several_lines_stand_below_each_other():
    assert in_words(told("12\n345")) == "2 lines (the least sure 90.00%)\n  12\n  345"


def test_cells_stand_in_their_columns():
    grid = [["5", None, "12"], [None, "", "7"]]
    assert (
        in_words(told("5_12\n_7", grid=grid, lines=[{"text": "5_12"}, {"text": "_7"}]))
        == "2 lines (the least sure 90.00%)\n  5 _ 12\n  _ ? 7"
    )
    assert in_words(told("4_2", grid=[["4", None, "2"]], lines=[{"text": "4_2"}])).startswith("4 _ 2 (")


def test_cells_are_told_as_a_pattern_has_them_where_they_fit_it():
    cells = {"grid": [["2", "0"], ["3", ""]], "lines": [{"text": "2-0"}, {"text": "3"}]}
    assert in_words(told("2-0\n3", **cells)) == "2 lines (the least sure 90.00%)\n  2-0\n  3 ?"


@pytest.mark.parametrize("text", ["", "___", "___\n___"])
def test_nothing_but_empty_cells_is_no_digit(text):
    grid = [[None] * 3] * len(text.split()) or None
    lines = [{"text": row} for row in text.split()]
    answer = told(text, flags=["no digit", "blank"], grid=grid, lines=lines)
    assert in_words(answer).startswith("no digit  [no digit, blank]")


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        (["too small"], "; 1 part left out: 1 too small"),
        (["a blot", "a blot"], "; 2 parts left out: 2 blots"),
        (["an underline"], "; 1 part left out: 1 underline"),
        (
            ["touches the edge", "too small", "touches the edge"],
            "; 3 parts left out: 2 touch the edge, 1 too small",
        ),
    ],
)
def test_what_was_left_out_is_counted_by_its_reason(reasons, words):
    assert in_words(told("4", left_out=reasons)) == f"4 (95.00%, else 7){words}"


def test_a_table_has_one_row_for_a_picture_of_several_lines():
    table = io.StringIO()
    write = WRITERS["csv"](table)
    write(told("12\n345", page=2))
    (row,) = csv.DictReader(io.StringIO(table.getvalue()))
    assert (row["text"], row["page"]) == ("12\n345", "2")
