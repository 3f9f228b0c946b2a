"""Random numbers without a state: Philox, a function of a key and a counter (Salmon et al. 2011).

Whoever asks for the number of the same counter gets the same one: any thread, in any order, now or after a resumption.
"""

import numpy as np

from .jit import inlined

WORD = np.uint64(0xFFFFFFFF)
ROUNDS = 10
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
KEY_STEPS = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
HALF = np.uint64(32)


@inlined
def philox(key, c0, c1, c2, c3):
    """Four random words of 32 bits for a key of 64 and a counter of four words: Philox4x32-10. All are uint64."""
    k0, k1 = key & WORD, key >> HALF
    for _ in range(ROUNDS):
        a, b = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (b >> HALF) ^ c1 ^ k0, b & WORD, (a >> HALF) ^ c3 ^ k1, a & WORD
        k0, k1 = (k0 + KEY_STEPS[0]) & WORD, (k1 + KEY_STEPS[1]) & WORD
    return c0, c1, c2, c3
