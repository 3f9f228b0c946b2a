"""A page of what is doubtful, of three letters that look like no digit and a digit that does."""

import numpy as np
from PIL import Image

from fastnet.data.loading import load_dataset

N_DOUBTFUL = 3


def written_review(fastnet, directory):
    """Where the command `fastnet` wrote the page."""
    pictures = directory / "pictures"
    pictures.mkdir()
    for number in range(N_DOUBTFUL):
        letter = np.zeros((28, 28), np.uint8)
        letter[4:24, 4 + number : 6 + number] = letter[4:6, 4:24] = letter[22:24, 4:24] = letter[4:24, 20:22] = 255
        Image.fromarray(letter).save(pictures / f"letter-{number}.png")
    Image.fromarray(load_dataset().test.images[0].reshape(28, 28)).save(pictures / "seven.png")
    code, _, err = fastnet("predict", pictures, "--review", directory / "review.html")
    assert code == 0
    assert f"{N_DOUBTFUL} doubtful digits in {N_DOUBTFUL + 1} readings" in err
    return directory / "review.html"
