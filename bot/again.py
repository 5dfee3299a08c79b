"""What every platform says around asking once more: another sample, and a question that was edited."""

from __future__ import annotations

from supportbot.words import N_

TRY_TEXT = N_("Try again")
ASK_TEXT = N_("Ask again")

TRIED_ALREADY_TEXT = N_("Another answer was already requested. It is here or on its way.")
REWORDED_TEXT = N_("You changed this question after I answered it. Should I answer the new version?")
