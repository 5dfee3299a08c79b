"""What Discord shows in each language of the bot, and that it fits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import discord
import pytest

from bot.discord.again import build_reworded_view
from bot.discord.explanation import build_explanation
from bot.discord.forgetting import ForgetButton
from bot.discord.policy import PolicyButton, build_policy
from bot.discord.views import build_answer_view
from supportbot.feedback.votes import Explanation
from supportbot.policies.policy import Policy
from supportbot.policies.store import Place
from supportbot.words import LANGUAGES, Language, Words
from tests.discord_adapter.conftest import World

QUESTION = "How do I reset my password?"

_LIMITS = {"title": 45, "placeholder": 150, "description": 100}
"""Characters: https://docs.discord.com/developers/components/reference."""
_OPTION = 100
_LABELS = {discord.ComponentType.button.value: 80, discord.ComponentType.label.value: 45}


def too_long(component: Any) -> Iterator[str]:
    """Yield what Discord would not take in a modal or a view, as JSON; options have labels, too."""
    if isinstance(component, list):
        for one in component:
            yield from too_long(one)
    elif isinstance(component, dict):
        limits = _LIMITS | {"label": _LABELS.get(component.get("type", 0), _OPTION)}
        for name, value in component.items():
            if isinstance(value, str) and len(value) > limits.get(name, 4_000):
                yield f"{name}: {value}"
            yield from too_long(value)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everything_fits_into_what_discord_allows(language: Language) -> None:
    """Titles, labels, hints and choices are within Discord's limits."""
    words = Words(language)
    modals = (
        build_explanation(1, words.say("Thanks for telling me."), Explanation(), words),
        build_policy("1", Policy(), words),
        build_policy("all", Policy(), words),
        build_policy("digest", Policy(), words),
    )
    assert [found for modal in modals for found in too_long(modal.to_dict())] == []
    views = [
        build_answer_view(1, offers_sample=True, offers_human=True, handoff_id=1, words=words),
        build_reworded_view(1, words),
    ]
    for button in (PolicyButton("all", words), ForgetButton("erase", words), ForgetButton("cancel", words)):
        view = discord.ui.View()
        view.add_item(button)
        views.append(view)
    assert [found for view in views for found in too_long(view.to_components())] == []


def test_what_is_too_long_is_found() -> None:
    """The limits above are looked at wherever they are."""
    label = {"type": 18, "label": "x" * 46, "component": {"type": 3, "options": [{"label": "y" * 101}]}}
    assert len(list(too_long({"title": "z" * 46, "components": [label]}))) == 3


async def test_language_of_the_server_and_of_who_types(world: World) -> None:
    """A mention is answered in the policy's language; without one, a command in that of who types it."""
    place = Place(platform="discord", workspace=str(world.channel.guild.id))
    english = await world.alice.slash(world.channel, "ask", question="forget me")
    assert english.response.content.startswith("Erase all your data")
    await world.core.service.policies.change(place, {"language": "de"}, "ada")
    german = await world.alice.slash(world.channel, "ask", question="forget me")
    assert german.response.content.startswith("Soll ich alles von Ihnen löschen")
    await world.core.service.policies.change(place, {"answer_on": "never"}, "ada")
    told = await world.alice.slash(world.channel, "ask", question=QUESTION)
    assert told.response.content.startswith("Hier antworte ich nicht")
