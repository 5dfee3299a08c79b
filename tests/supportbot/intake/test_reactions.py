"""What is only an emoji asks nothing."""

import pytest

from supportbot.intake.questions import is_reaction

REACTIONS = (
    "👍",
    "👍🏽",
    "🎉🎉 ",
    "❤️",
    "👨\u200d👩\u200d👧",
    ":tada:",
    ":+1: :tada:",
    ":thumbsup_all:",
    "<:party:123456789012345678>",
)
OTHERS = ("", " ", "?", "ok 👍", "where :box:", "10:30:15", "!!", "\u200b", "12", "<@123>")


@pytest.mark.parametrize("text", REACTIONS)
def test_emoji_alone_are_a_reaction(text: str) -> None:
    """Emoji of Unicode, of Slack and of Discord, alone or several."""
    assert is_reaction(text)


@pytest.mark.parametrize("text", OTHERS)
def test_anything_else_is_not(text: str) -> None:
    """Words, signs and nothing at all are no reaction."""
    assert not is_reaction(text)
