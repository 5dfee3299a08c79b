"""What every platform says around asking once more: another sample, and a question that was edited."""

from __future__ import annotations

from supportbot.words import N_

TRY_TEXT = N_("Try again")
ASK_TEXT = N_("Ask again")

TRIED_ALREADY_TEXT = N_("Another answer was drawn already: it is here, or on its way.")
REWORDED_TEXT = N_("You have changed this question after I answered it. Shall I answer what it says now?")
