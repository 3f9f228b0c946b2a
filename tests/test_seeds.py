"""What a seed is used for: streams that saved trainings rely on."""

import numpy as np
import pytest

from fastnet.seeds import SeedUse, key, rng

NUMBERS = {
    "INITIALISATION": 0,
    "SPLIT": 1,
    "SHUFFLE": 2,
    "DISTORTION": 3,
    "DROPOUT": 4,
    "SELECTION": 5,
    "CORRECTION": 6,
    "SYNTHESIS": 7,
}


def test_each_use_has_the_number_that_it_always_had():
    assert {name: use.value for name, use in SeedUse.__members__.items()} == NUMBERS  # aliases would be among them
    assert len(set(SeedUse)) == len(NUMBERS)


@pytest.mark.parametrize("use", SeedUse)
def test_streams_and_keys_are_those_of_numpys_seed_sequences(use):
    sequence = np.random.SeedSequence(7, spawn_key=(NUMBERS[use.name],))
    assert key(7, use) == sequence.generate_state(1, np.uint64)[0]
    assert rng(7, use).random() == np.random.default_rng(sequence).random()
    numbered = np.random.SeedSequence(7, spawn_key=(NUMBERS[use.name], 3))
    assert rng(7, use, 3).random() == np.random.default_rng(numbered).random()


def test_no_two_uses_share_numbers():
    assert len({rng(0, use).random() for use in SeedUse}) == len({key(0, use) for use in SeedUse}) == len(SeedUse)
