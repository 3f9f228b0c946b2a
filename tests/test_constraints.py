"""What is known of digits before they are read: the likeliest reading that fits, and what is told of it."""

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from PIL import Image

from fastnet import Constraint
from fastnet.errors import DataError, OptionError
from fastnet.reading.batch import read_picture
from fastnet.reading.overruling import NOTHING_FITS, fitted
from fastnet.reading.recognition import DigitReading, Reading

CLASSES = tuple("0123456789")


# ---- The search -----------------------------------------------------------------------------------------------------


def has_luhn_digit(text):
    doubled = [int(digit) * 2 for digit in reversed(text)][1::2]
    plain = [int(digit) for digit in reversed(text)][::2]
    return (sum(plain) + sum(value - 9 if value > 9 else value for value in doubled)) % 10 == 0


def has_ean_digit(text):
    return sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(reversed(text))) % 10 == 0


CONSTRAINTS = [
    (Constraint(digits=3), lambda text: len(text) == 3),
    (Constraint(pattern="[1-35]#.7"), lambda text: len(text) == 3 and text[0] in "1235" and text[2] == "7"),
    (Constraint(range=(7, 312)), lambda text: len(text) <= 3 and 7 <= int(text) <= 312),
    (Constraint(range=(199, 201)), lambda text: len(text) <= 3 and 199 <= int(text) <= 201),
    (Constraint(range=(0, 9)), lambda text: len(text) == 1),
    (Constraint(range=(0, 9), digits=3), lambda text: len(text) == 3 and int(text) <= 9),
    (Constraint(check="luhn"), has_luhn_digit),
    (Constraint(check="ean"), has_ean_digit),
    (
        Constraint(pattern="#5#", range=(140, 460), check="luhn"),
        lambda text: len(text) == 3 and text[1] == "5" and 140 <= int(text) <= 460 and has_luhn_digit(text),
    ),
]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize(("constraint", "fits"), CONSTRAINTS, ids=[str(each) for each, _ in CONSTRAINTS])
def test_the_likeliest_reading_that_fits_is_that_of_all_there_are(constraint, fits, n):
    random = np.random.default_rng(n)
    allowed = [text for text in map("".join, product("0123456789", repeat=n)) if fits(text)]
    for _ in range(5):
        probabilities = random.dirichlet(np.full(10, 0.2), n)
        logs = np.log(np.maximum(probabilities, 1e-300))
        scores = [sum(logs[place, int(digit)] for place, digit in enumerate(text)) for text in allowed]
        found = constraint.likeliest(probabilities)
        assert ("".join(map(str, found)) if found else None) == (allowed[np.argmax(scores)] if allowed else None)


@pytest.mark.parametrize(
    ("check", "number"),
    [("luhn", "4111111111111111"), ("luhn", "490154203237518"), ("ean", "4006381333931"), ("ean", "9783161484100")],
)
def test_numbers_as_they_are_printed_have_the_check_digit_of_their_kind(check, number):
    sure = np.eye(10)[[int(digit) for digit in number]] * 0.9 + 0.01
    assert "".join(map(str, Constraint(check=check).likeliest(sure))) == number
    wrong = sure[:, (np.arange(10) + 1) % 10]  # all digits one less
    assert "".join(map(str, Constraint(check=check).likeliest(wrong))) != number


def test_a_digit_of_probability_0_is_never_taken():
    assert Constraint(pattern="7").likeliest(np.eye(10)[[3]]) is None


# ---- Words ----------------------------------------------------------------------------------------------------------


def test_words_of_people_make_a_constraint():
    texts = {"digits": " 4", "pattern": "##-##", "range": "0 - 1234", "check": "Luhn"}
    assert Constraint.parse(texts) == Constraint(4, "##-##", (0, 1234), "luhn")
    assert Constraint.parse(dict.fromkeys(texts)) is None


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"digits": "six"}, "the number of digits is a whole number from 1 to 100, not 'six'"),
        ({"digits": "0"}, "the number of digits is a whole number from 1 to 100, not 0"),
        ({"digits": ""}, "the number of digits is a whole number"),
        ({"pattern": r"\d{6}"}, "a pattern is made of # for any digit"),
        ({"pattern": "[1-]"}, "a pattern is made of # for any digit"),
        ({"pattern": "[9-1]#"}, "a set in a pattern goes from a digit to one that is not smaller, not '[9-1]#'"),
        ({"pattern": "--"}, "the pattern '--' has no place for a digit"),
        ({"pattern": "##", "digits": "3"}, "the number of digits in the pattern '##' is 2, not 3"),
        ({"range": "many"}, "a range is two whole numbers, such as 0-9999, not 'many'"),
        ({"range": "9-3"}, "a range goes from a number to one that is not smaller, not 9 to 3"),
        ({"range": "1000-2000", "digits": "3"}, "no number from 1000 to 2000 has that many digits: 3"),
        ({"check": "lun"}, "a check is one of luhn, ean, not 'lun'; did you mean luhn?"),
    ],
)
def test_what_no_line_fits_is_one_sentence(texts, sentence):
    with pytest.raises(OptionError) as caught:
        Constraint.parse(texts)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"digits": "x"}, "the number of digits is a whole number from 1 to 100, not 'x'"),
        ({"digits": 2.5}, "the number of digits is a whole number from 1 to 100, not 2.5"),
        ({"pattern": 12}, "' between them, not 12"),
        ({"range": "0-9"}, "a range is two whole numbers, such as (0, 9999), not '0-9'"),
        ({"range": (1, 2, 3)}, "a range is two whole numbers, such as (0, 9999), not (1, 2, 3)"),
        ({"range": (0, None)}, "a range is two whole numbers, such as (0, 9999), not (0, None)"),
        ({"range": ()}, "a range is two whole numbers, such as (0, 9999), not ()"),
        ({"check": 5}, "a check is one of luhn, ean, not 5"),
        ({"check": ["luhn"]}, "a check is one of luhn, ean, not ['luhn']; did you mean luhn?"),
    ],
)
def test_what_is_of_another_type_is_one_sentence_too(given, sentence):
    with pytest.raises(OptionError) as caught:
        Constraint(**given)
    assert str(caught.value).endswith(sentence)


# ---- Readings -------------------------------------------------------------------------------------------------------


def digit(label, *, second=None, line=0, flags=(), kind="digit"):
    """A digit of which the network is rather sure; `second` is its next guess."""
    probabilities = np.full(10, 0.001, np.float32)
    probabilities[int(second or 0)] = 0.2
    probabilities[int(label)] = 0.7
    known = kind == "digit" and "no digit" not in flags
    box, pixels = (0, 0, 9, 9), np.zeros((28, 28), np.uint8)
    number = int(label) if known else None
    name = label if kind == "digit" else ""
    return DigitReading(number, 0.7, probabilities, None, flags, box, pixels, name, None, line=line, kind=kind)


def reading(*digits):
    empty = Reading((), (), (), (9, 9), None, 0.0, np.zeros(10), None, None, None)
    return empty.with_digits(digits)


def test_what_is_overruled_is_told_and_never_sure():
    found = fitted(reading(digit("4"), digit("7", second="1")), Constraint(range=(10, 42)), CLASSES)
    assert (found.text, found.flags) == ("41", ("unsure", "read 7, taken as 1"))
    kept, taken = found.digits
    assert (kept.flags, kept.overruled) == ((), None)
    assert (taken.digit, taken.label, taken.second, taken.overruled) == (1, "1", 7, "7")
    assert taken.probability == pytest.approx(0.2)


def test_a_reading_that_fits_stays_as_it_is():
    before = reading(digit("4"), digit("2", flags=("unsure", "unlike any digit")))
    after = fitted(before, Constraint(digits=2), CLASSES)
    assert after.digits == before.digits
    assert after.flags == ("unsure", "unlike any digit")  # to fit makes no doubtful digit sure


def test_where_nothing_fits_the_reading_stays_and_is_flagged():
    found = fitted(reading(digit("4"), digit("2")), Constraint(digits=6), CLASSES)
    assert (found.text, found.flags) == ("42", ("unsure", NOTHING_FITS))


def test_each_line_fits_for_itself():
    lines = reading(digit("4"), digit("7", second="1"), digit("2", line=1), digit("9", line=2), digit("9", line=2))
    found = fitted(lines, Constraint(digits=2, range=(0, 42)), CLASSES)
    assert [line.text for line in found.lines] == ["41", "2", "09"]
    assert [NOTHING_FITS in each.flags for each in found.digits] == [False, False, True, False, False]


REFUSED = ("no digit", "unlike any digit")


def test_what_was_refused_is_a_digit_only_where_one_is_missing():
    marks = digit("4"), digit("7", flags=REFUSED), digit("2")
    assert fitted(reading(*marks), Constraint(digits=2), CLASSES).text == "42"
    found = fitted(reading(*marks), Constraint(digits=3), CLASSES)
    assert found.text == "472"
    assert found.digits[1].flags == ("unsure", "read no digit, taken as 7", "unlike any digit")


def test_marks_that_are_mostly_refused_make_no_number():
    marks = digit("4", flags=REFUSED), digit("7", flags=REFUSED), digit("2")
    found = fitted(reading(*marks), Constraint(digits=3), CLASSES)
    assert (found.text, NOTHING_FITS in found.flags) == ("2", True)


def test_an_empty_cell_is_no_digit_whatever_is_known():
    cells = digit("4"), digit("0", kind="empty"), digit("2")
    found = fitted(reading(*cells), Constraint(digits=2), CLASSES)
    assert found.digits == cells
    found = fitted(reading(*cells), Constraint(digits=3), CLASSES)
    assert [NOTHING_FITS in each.flags for each in found.digits] == [True, False, True]


def test_what_a_pattern_has_between_digits_is_no_doubt():
    point = digit("0", kind="other", flags=("no digit", "a point"))
    marks = digit("4"), point, digit("2")
    assert fitted(reading(*marks), Constraint(pattern="#.#"), CLASSES).flags == ()
    assert "a point" in fitted(reading(*marks), Constraint(digits=2), CLASSES).flags


def test_a_slash_that_was_read_as_a_one_is_what_the_pattern_has_there():
    date = Constraint(pattern="##/##/##")
    found = fitted(reading(*map(digit, "24112125")), date, CLASSES)
    assert (found.text, found.flags) == ("24/12/25", ())
    assert [each.digit for each in found.digits] == [2, 4, None, 1, 2, None, 2, 5]
    assert [each.kind for each in found.digits if each.digit is None] == ["other"] * 2
    assert NOTHING_FITS in fitted(reading(*map(digit, "24712125")), date, CLASSES).flags
    assert fitted(reading(*map(digit, "241125")), date, CLASSES).text == "24/11/25"
    refused = digit("1", flags=REFUSED)
    assert fitted(reading(digit("4"), refused, digit("2")), Constraint(pattern="# / #"), CLASSES).flags == ()


def test_a_slash_beside_a_mark_is_one_and_what_stands_elsewhere_is_doubted():
    point = digit("0", kind="other", flags=("no digit", "a point"))
    both = Constraint(pattern="#.#/#")
    found = fitted(reading(digit("4"), point, digit("2"), digit("1"), digit("7")), both, CLASSES)
    assert (found.text, found.flags) == ("4.2/7", ())
    refused = digit("1", flags=REFUSED)
    found = fitted(reading(refused, *map(digit, "1234")), Constraint(pattern="##-##"), CLASSES)
    assert (found.text, found.digits[0].flags) == ("12-34", REFUSED)


def test_the_pattern_is_written_out():
    found = fitted(reading(*map(digit, "24122024")), Constraint(pattern="##.##.####"), CLASSES)
    assert found.text == "24.12.2024"
    assert fitted(reading(*map(digit, "24")), Constraint(pattern="##.##.####"), CLASSES).text == "24"


def test_a_model_without_digits_is_told():
    with pytest.raises(DataError, match="knows no digits"):
        fitted(reading(digit("4")), Constraint(digits=1), tuple("ABCDEFGHIJ"))


def test_digits_among_other_classes_are_found_by_their_names():
    letters = tuple("ABCDE41XYZ")
    mark = replace(digit("0", second="6"), label="A")
    found = fitted(reading(mark), Constraint(digits=1), letters)
    assert (found.text, found.digits[0].overruled) == ("1", "A")


def test_nothing_is_asked_of_blank_paper(predictor):
    assert predictor.read(np.full((60, 60), 255, np.uint8), constraint=Constraint(digits=6)).flags == (
        "no digit",
        "blank",
    )


def test_a_predictor_and_the_answer_for_machines_tell_the_same(predictor):
    pixels = np.full((80, 80), 255, np.uint8)
    pixels[15:65, 38:44] = 0  # a plain stroke: a 1
    found = predictor.read(pixels, constraint=Constraint(pattern="7"))
    assert (found.text, found.digits[0].overruled) == ("7", "1")
    answer = read_picture(predictor, "one", pixels, constraint=Constraint(pattern="7"))
    assert answer["text"] == "7"
    assert answer["overruled"] == [{"place": 0, "read": "1", "taken": "7"}]
    assert answer["flags"] == list(found.flags) == ["unsure", "read 1, taken as 7"]
    assert answer["digits"][0]["flags"] == answer["flags"]


# ---- The command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def one(tmp_path):
    pixels = np.full((80, 80), 255, np.uint8)
    pixels[15:65, 38:44] = 0
    Image.fromarray(pixels).save(tmp_path / "one.png")
    return tmp_path / "one.png"


@pytest.mark.parametrize("to_file", [False, True])
def test_the_command_answers_what_fits_and_tells_what_was_overruled(fastnet, one, to_file):
    target = one.with_name("answers.jsonl")
    options = ("--out", target) if to_file else ("--format", "jsonl")
    code, out, _ = fastnet("predict", one, "--pattern", "7", *options)
    answer = json.loads(target.read_text() if to_file else out)
    assert (code, answer["text"]) == (0, "7")
    assert answer["overruled"] == [{"place": 0, "read": "1", "taken": "7"}]
    assert answer["flags"] == ["unsure", "read 1, taken as 7"]


def test_the_command_says_where_nothing_fits(fastnet, one):
    code, out, _ = fastnet("predict", one, "--digits", "6", "--check", "luhn")
    assert (code, out.startswith(f"{one}: 1 (")) == (0, True)
    assert f"[unsure, {NOTHING_FITS}]" in out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--digits", "six"], "the number of digits is a whole number from 1 to 100, not 'six'"),
        (["--check", "lun"], "a check is one of luhn, ean, not 'lun'; did you mean luhn?"),
        (
            ["--range", "1-9", "--digits", "1", "--pattern", "##"],
            "the number of digits in the pattern '##' is 2, not 1",
        ),
    ],
)
def test_the_command_tells_what_no_line_fits_in_one_sentence(fastnet, one, options, sentence):
    code, out, err = fastnet("predict", one, *options)
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_images_that_need_no_search_take_no_constraint(fastnet, tmp_path):
    np.save(tmp_path / "images.npy", np.zeros((2, 784), np.uint8))
    code, _, err = fastnet("predict", tmp_path / "images.npy", "--digits", "1")
    assert code == 2
    assert "--digits is for pictures, and not for a file of images" in err
