"""The texts for asking again, the same on every platform: another sample, and an edited question."""

from __future__ import annotations

from supportbot.words import N_

TRY_TEXT = N_("Try again")
ASK_TEXT = N_("Ask again")

TRIED_ALREADY_TEXT = N_("Another answer was already requested. It is here or on its way.")
REWORDED_TEXT = N_("You changed this question after I answered it. Should I answer the new version?")
