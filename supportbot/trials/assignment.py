"""Which conversations are on the candidate: decided by a hash, so by every daemon alike, and nothing is stored.

The number of the conversation is hashed with that of the trial: a follow-up, another sample and an answer after a
restart stay on the same version, and the next trial mixes people again.
"""

from __future__ import annotations

import hashlib

_BYTES = 8


def is_on_candidate(trial_id: int, conversation_id: int, share: int) -> bool:
    """Return whether a conversation is answered by the candidate.

    Args:
        trial_id: the salt.
        conversation_id: as the record numbers threads, direct messages and visits to the page.
        share: of conversations, in percent.
    """
    digest = hashlib.sha256(f"{trial_id}:{conversation_id}".encode()).digest()
    return int.from_bytes(digest[:_BYTES], "big") * 100 < share << (8 * _BYTES)
