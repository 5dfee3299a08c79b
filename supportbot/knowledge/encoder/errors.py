"""What may be wrong with an encoder: one error, whose sentence always ends with the setting that fixes it.

This module knows no files; whoever finds something wrong says what.
"""

from __future__ import annotations

from pathlib import Path

from supportbot.errors import SupportBotError

REMEDY = (
    "set SUPPORTBOT_ENCODER to the folder or hub id of a BERT sentence encoder with safetensors weights, or leave "
    "it empty for the one that comes with this program"
)


class EncoderError(SupportBotError):
    """The sentence encoder is missing, damaged, or not of the kind that this program runs."""


def refusal(folder: Path, reason: str) -> EncoderError:
    """Return the error for a folder that holds no encoder for this program.

    Args:
        folder: that was looked at.
        reason: half a sentence that says what is wrong with it.
    """
    return EncoderError(f"The encoder in '{folder}' cannot be used because {reason}: {REMEDY}.")
