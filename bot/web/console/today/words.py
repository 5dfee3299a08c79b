"""What has changed in a week, in three sentences; none says more than its interval does."""

from __future__ import annotations

from supportbot.insights.changes import Change, Changes
from supportbot.words import N_, Words

_MORE = N_(
    "More questions: {now} in the last 7 days, {before} in the 7 days before ({low} to {high} times as many)."
)
_LESS = N_(
    "Fewer questions: {now} in the last 7 days, {before} in the 7 days before ({low} to {high} times as many)."
)
_AS_MANY = N_("{now} questions in the last 7 days, {before} in the 7 days before. That difference may be chance.")
_FIRST = N_("{now} questions in the last 7 days, {before} in the 7 days before.")

_KNEW_MORE = N_(
    "More answers: the bot had an answer to {now} of questions, compared with {before} before ({low} to "
    "{high} points more)."
)
_KNEW_LESS = N_(
    "Fewer answers: the bot had an answer to {now} of questions, compared with {before} before ({low} to "
    "{high} points less)."
)
_KNEW_AS_MUCH = N_(
    "The bot had an answer to {now} of questions, compared with {before} before. That may be chance."
)
_KNEW = N_("The bot had an answer to {now} of questions. There is no earlier week to compare with.")
_KNEW_NOTHING = N_("No question was answered in the last 7 days.")

_LIKED_MORE = N_(
    "People liked the answers more: {now} of votes were 👍, compared with {before} before ({low} to {high} "
    "points more)."
)
_LIKED_LESS = N_(
    "People liked the answers less: {now} of votes were 👍, compared with {before} before ({low} to {high} "
    "points less)."
)
_LIKED_AS_MUCH = N_("{now} of votes were 👍, compared with {before} before. That may be chance.")
_LIKED = N_("{now} of votes were 👍. There are no earlier votes to compare with.")
_NO_VOTES = N_("Nobody voted in the last 7 days.")


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
