"""Why somebody may not sign in, or may not do something."""

from supportbot.errors import SupportBotError


class SignInError(SupportBotError):
    """A link or a session opens nothing; the text says what to do."""


class ProviderError(SignInError):
    """A provider of sign-in does not answer as one, which is no fault of who tries.

    Args:
        sentence: for whoever tries.
        reason: what is wrong, in a few words for who runs the bot.
    """

    def __init__(self, sentence: str, reason: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason


class ForbiddenError(SupportBotError):
    """An operator may not do something; the text says who may."""


class OperatorError(SupportBotError):
    """What was decided about an operator cannot be; the text says why."""
