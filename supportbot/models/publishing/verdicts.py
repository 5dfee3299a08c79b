"""What an evaluation concludes, as sentences: ``training`` writes them in English, pages say them in any language.

A record keeps the English text, which people read in files and reports. When it is read back, its template is
recognised, also an earlier version of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from supportbot.words import N_, Sentence, recognised

FORGOT = N_(
    "Forgot: of {rows} approved rows that the other model was trained on, it answers {right} right instead of "
    "{before} ({value} points, 95 % interval {low} to {high}); train it on these rows too, or reject those that "
    "no longer apply."
)
TOO_FEW_ROWS = N_(
    "Not enough evidence: {rows} held-out rows, and at least {least} are needed; approve more with `supportbot "
    "curate review`, or give some with --data."
)
FEWER_RIGHT = N_(
    "Not better: it answers fewer held-out rows right ({value} points, 95 % interval {low} to {high})."
)
NO_MORE_RIGHT = N_(
    "Not better: it does not answer more held-out rows right ({value} points, 95 % interval {low} to {high})."
)
MOSTLY_WRONG = N_(
    "Not better: it answers {right} of {rows} held-out rows right, and fewer than half is never better; train it "
    "longer, or on more wordings of each answer."
)
TELLS_LESS = N_(
    "Not better: its confidence separates out-of-scope questions less well (AUROC {value}, 95 % interval {low} "
    "to {high}); train with --doubt-share 0.25."
)
MORE_RIGHT = N_(
    "Better: it answers more of the held-out rows right ({value} points, 95 % interval {low} to {high})."
)
LESS_SURPRISED = N_(
    "Better: it answers no fewer held-out rows right, and its loss on right answers is smaller ({value} bits a "
    "byte, 95 % interval {low} to {high})."
)
NO_GAIN = N_(
    "Not better: {rows} held-out rows show no gain beyond chance in right answers ({value} points, 95 % interval "
    "{low} to {high}) or in loss; train on more approved rows, or evaluate on more."
)

VERDICTS = (
    FORGOT,
    TOO_FEW_ROWS,
    FEWER_RIGHT,
    NO_MORE_RIGHT,
    MOSTLY_WRONG,
    TELLS_LESS,
    MORE_RIGHT,
    LESS_SURPRISED,
    NO_GAIN,
)

_FORMER = {
    "Forgot: of {rows} approved rows that the other model was trained on it answers {right} right instead of "
    "{before} ({value} points, 95 % interval {low} to {high}); train it on them, too, or reject those that no "
    "longer hold.": FORGOT,
    "Not better: it answers no more held-out rows right ({value} points, 95 % interval {low} to {high}).": (
        NO_MORE_RIGHT
    ),
    "Not better: its confidence tells out-of-scope questions less well (AUROC {value}, 95 % interval {low} to "
    "{high}); train with --doubt-share 0.25.": TELLS_LESS,
    "Better: it answers no fewer held-out rows right, and the right answers surprise it less ({value} bits a "
    "byte, 95 % interval {low} to {high}).": LESS_SURPRISED,
}
"""Earlier versions of templates, which records up to 1 December 2026 have, and the present ones."""


def read_verdict(record: Mapping[str, Any]) -> str:
    """Return what the record of an evaluation concludes, in the present words; empty if it does not say."""
    found = recognised(str(record.get("verdict") or ""), (*VERDICTS, *_FORMER))
    if isinstance(found, Sentence) and (present := _FORMER.get(found.template)):
        return Sentence(present, **found.values)
    return found
