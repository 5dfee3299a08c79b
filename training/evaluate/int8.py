"""What int8 weights would cost a model on rows that it was not trained on; the daemon takes them only if little.

This module decides nothing; ``engine.choose`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from supportbot.engine.choose import is_for_openvino
from supportbot.engine.prompt import encode_training_text
from training.evaluate.rows import Row

MOST_ROWS = 200
"""Rows measured: the loss of each is a mean over dozens of tokens, and the two widths share all of them."""


def int8_loss_rise(location: str, rows: Sequence[Row], exports: Path) -> float | None:
    """Return the relative rise of the loss, or None where int8 weights would not be used anyway.

    Args:
        location: of the model, a directory; a hub id is not measured.
        rows: held-out ones.
        exports: folder in which exported models are kept.

    Raises:
        ModelError: the model is damaged.
    """
    directory = Path(location)
    if not rows or not directory.is_dir() or not is_for_openvino(directory):
        return None
    from supportbot.engine.openvino.loss import int8_loss_rise as measure
    from supportbot.engine.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(directory)
    texts = [encode_training_text(tokenizer, row.question, row.answer) for row in rows[:MOST_ROWS]]
    return measure(directory, exports, texts)
