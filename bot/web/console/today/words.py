"""What has changed in a week, in three sentences; none says more than its interval does."""

from __future__ import annotations

from supportbot.insights.changes import Change, Changes
from supportbot.words import N_, Words

_MORE = N_("People asked more: {now} questions in seven days instead of {before}, {low} to {high} times as many.")
_LESS = N_("People asked less: {now} questions in seven days instead of {before}, {low} to {high} times as many.")
_AS_MANY = N_(
    "People asked {now} questions in seven days, and {before} in the seven before: no more than chance explains."
)
_FIRST = N_("People asked {now} questions in seven days, and {before} in the seven before.")

_KNEW_MORE = N_(
    "The bot knew more: an answer to {now} of the questions instead of {before}, {low} to {high} points more."
)
_KNEW_LESS = N_(
    "The bot knew less: an answer to {now} of the questions instead of {before}, {low} to {high} points less."
)
_KNEW_AS_MUCH = N_("It had an answer to {now} of the questions, and before to {before}: that may be chance.")
_KNEW = N_("It had an answer to {now} of the questions; there is nothing to compare that with.")
_KNEW_NOTHING = N_("No question got an answer in these seven days.")

_LIKED_MORE = N_(
    "People liked its answers better: 👍 on {now} of votes instead of {before}, {low} to {high} points more."
)
_LIKED_LESS = N_(
    "People liked its answers less: 👍 on {now} of votes instead of {before}, {low} to {high} points less."
)
_LIKED_AS_MUCH = N_("Of the votes {now} are 👍, and {before} were: that may be chance.")
_LIKED = N_("Of the votes {now} are 👍; there are none to compare that with.")
_NO_VOTES = N_("Nobody voted in these seven days.")


def change_words(changes: Changes, words: Words) -> list[str]:
    """Return the sentences."""
    return [
        _questions(changes.questions, words),
        _share(changes.answered, (_KNEW_MORE, _KNEW_LESS, _KNEW_AS_MUCH, _KNEW, _KNEW_NOTHING), words),
        _share(changes.helpful, (_LIKED_MORE, _LIKED_LESS, _LIKED_AS_MUCH, _LIKED, _NO_VOTES), words),
    ]


def _questions(change: Change, words: Words) -> str:
    values = {"now": words.number(round(change.now)), "before": words.number(round(change.before or 0))}
    if change.by is None:
        return words.say(_FIRST, **values)
    _, low, high = change.by
    sentence = {1: _MORE, -1: _LESS}.get(change.direction, _AS_MANY)
    return words.say(sentence, **values, low=words.tenths(low), high=words.tenths(high))


def _share(change: Change | None, sentences: tuple[str, str, str, str, str], words: Words) -> str:
    more, less, same, first, nothing = sentences
    if change is None:
        return words.say(nothing)
    now = words.percent(change.now)
    if change.by is None or change.before is None:
        return words.say(first, now=now)
    values = {"now": now, "before": words.percent(change.before)}
    if not change.direction:
        return words.say(same, **values)
    low, high = sorted(abs(100 * end) for end in change.by[1:])
    return words.say(
        more if change.direction > 0 else less, **values, low=words.tenths(low), high=words.tenths(high)
    )
