"""What every platform says around asking once more: another sample, and a question that was edited."""

from __future__ import annotations

TRY_TEXT = "Try again"
ASK_TEXT = "Ask again"

TRIED_ALREADY_TEXT = "Another answer was drawn already: it is here, or on its way."
REWORDED_TEXT = "You have changed this question after I answered it. Shall I answer what it says now?"
