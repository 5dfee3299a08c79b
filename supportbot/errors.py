"""The errors that a person may see: each carries one sentence that says what is wrong and how to fix it.

Any other exception is a defect: the outermost boundary logs it with its traceback, and the person gets a fixed
sentence.
"""


class SupportBotError(Exception):
    """Base of all errors whose text may be shown to a user or an operator as it is."""


class ConfigError(SupportBotError):
    """A setting is unknown, malformed, or contradicts another; the text names the key and the remedy."""


class DatabaseError(SupportBotError):
    """The database cannot be opened, is damaged, or has another schema than this program."""


class BackupError(SupportBotError):
    """A backup cannot be made or restored; the text says why, and what to do."""


class JobError(SupportBotError):
    """A job of an operator, such as a training, can't be started or cancelled; the text says why."""


class ModelError(SupportBotError):
    """A model is missing, damaged, or not of a kind that this program runs."""


class MissingExtraError(SupportBotError):
    """The libraries of a function are not installed; the text says how to install them."""


class UnknownSuggestionError(SupportBotError):
    """Somebody chose a suggestion that the bot does not offer any more."""


class EngineBusyError(SupportBotError):
    """The engine's bounded queue is full; the question stays in the inbox and is tried again."""


class OverloadedError(SupportBotError):
    """There are more questions than can be answered in time; the asker is told to ask again."""


class DeadlineExceededError(SupportBotError):
    """An answer was not finished before the deadline that its request carried."""


_OF_OPERATORS = (ConfigError, DatabaseError, MissingExtraError, ModelError)


def sentence_for_users(error: SupportBotError, otherwise: str) -> str:
    """Return what a user of the bot may read of an error.

    Args:
        error: the failure.
        otherwise: the sentence for errors that concern the operator, such as a full disk.
    """
    return otherwise if isinstance(error, _OF_OPERATORS) else str(error)
