"""What sentences tell of paths: names of files, without the folders that they lie in."""

import pytest

from fastnet.errors import without_folders


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cannot read /home/me/a/mine.py", "cannot read mine.py"),
        ("no file '/home/a b/c/mine.py'", "no file 'mine.py'"),
        (str(FileNotFoundError(2, "No such file", r"C:\Users\me\mine.py")), "[Errno 2] No such file: 'mine.py'"),
        (r"cannot read C:\Users\me\mine.py", "cannot read mine.py"),
        (
            "5/3 GB/s/core, of http://localhost/a/b.py and ./a/b.py",
            "5/3 GB/s/core, of http://localhost/a/b.py and ./a/b.py",
        ),
    ],
)
def test_paths_are_told_without_their_folders(text, told):
    assert without_folders(text) == told
