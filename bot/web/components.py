"""The parts of the page that need a browser's own code: the field for questions, the conversation, and the form
that asks what was wrong with an answer.

All draw themselves without evaluating strings, so the page's content security policy can forbid that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nicegui import ui
from nicegui.events import GenericEventArguments

from supportbot.db.states import FeedbackReason
from supportbot.feedback.votes import MAX_CORRECTION, REASON_WORDS, Explanation
from supportbot.words import N_, Words

_COUNTER = N_("{used} of {limit} characters")

_REASONS: Mapping[str, FeedbackReason] = {reason.value: reason for reason in FeedbackReason}


class Composer(ui.element, component="composer.js"):
    """Where a question is written: Enter sends, Shift+Enter begins a new line.

    Args:
        on_send: called with what a browser sent: a string, unless somebody plays tricks.
        words: the bot's own.
        limit: most characters that fit.
    """

    def __init__(self, on_send: Callable[[object], object], words: Words, *, limit: int) -> None:
        super().__init__()
        self._props["limit"] = limit
        self._props["label"] = words.say("Your question")
        self._props["placeholder"] = words.say("Ask a question…")
        self._props["hint"] = words.say("Enter sends, Shift+Enter starts a new line")
        self._props["sendLabel"] = words.say("Send")
        self._props["counter"] = words.say(_COUNTER)

        def handle(event: GenericEventArguments) -> object:
            return on_send(event.args)

        self.on("send", handle)


class Transcript(ui.element, component="transcript.js"):
    """What was said, the newest at the end; read out by screen readers as it grows.

    Args:
        words: the bot's own.
    """

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._props["label"] = words.say("Conversation")


class ExplanationForm(ui.element, component="explanation.js"):
    """What was wrong with an answer, and what it should have said.

    Args:
        name: unique on the page; it keeps the reasons of one form together.
        before: what is filled in already.
        words: the bot's own.
        on_send: called with what somebody says.
        on_skip: called when somebody would rather not.
    """

    def __init__(
        self,
        name: str,
        before: Explanation,
        words: Words,
        on_send: Callable[[Explanation], object],
        on_skip: Callable[[], object],
    ) -> None:
        super().__init__()
        self._props["name"] = name
        self._props["reasons"] = [[reason.value, words.say(named)] for reason, named in REASON_WORDS.items()]
        self._props["limit"] = MAX_CORRECTION
        self._props["reason"] = before.reason
        self._props["correction"] = before.correction
        self._props["words"] = {
            "label": words.say("What was wrong with this answer?"),
            "reason": words.say("What was wrong?"),
            "correction": words.say("What should it have said?"),
            "optional": words.say("Optional"),
            "counter": words.say(_COUNTER),
            "send": words.say("Send"),
            "skip": words.say("Skip"),
        }

        def handle(event: GenericEventArguments) -> object:
            said = read_explanation(event.args)
            return said and on_send(said)

        self.on("send", handle)
        self.on("skip", on_skip, args=[])


def read_explanation(sent: object) -> Explanation | None:
    """Return what a browser sent with the form, or None: it can be made to send anything."""
    match sent:
        case {"reason": None, "correction": str(correction)}:
            return Explanation(correction=correction)
        case {"reason": str(reason), "correction": str(correction)} if reason in _REASONS:
            return Explanation(reason=_REASONS[reason], correction=correction)
    return None
