"""What the tables of pictures say of a form."""

from benchmarks.form_scores import FormScore
from benchmarks.studies.pictures_table import _form_row


def test_shares_of_a_form_s_fields_are_told_and_those_of_none_left_out():
    assert _form_row(FormScore(n_filled=4, n_right=3, n_empty=2, n_said_empty=2)) == "75.0% | 100.0% | 0.0%"
    assert _form_row(FormScore(n_empty=2, n_said_empty=1, n_sure_and_wrong=1)) == " | 50.0% | 50.0%"
    assert _form_row(FormScore(n_filled=4, n_right=4)) == "100.0% |  | 0.0%"
