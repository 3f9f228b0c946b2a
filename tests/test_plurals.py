from fastnet.plurals import counted


def test_one_has_no_s():
    assert [counted(n, "part") for n in (0, 1, 2, 1000)] == ["0 parts", "1 part", "2 parts", "1,000 parts"]
