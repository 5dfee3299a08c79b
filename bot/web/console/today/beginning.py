"""The first three steps, where nobody has asked anything yet: each with how, and ticked when it is done."""

from __future__ import annotations

from nicegui.elements.mixins.text_element import TextElement

from bot.web.console.knowledge.paths import IMPORT, to_part
from bot.web.nodes import node
from supportbot.insights.beginning import Beginning
from supportbot.words import N_, Words

_FAQ = N_("Import your FAQ")
_FAQ_WHY = N_("Your answers are given word for word. A table of questions and answers is enough.")
_PLATFORM = N_("Connect Slack or Discord")
_PLATFORM_WHY = N_(
    "Set your app's tokens as described in docs/slack.md or docs/discord.md, then restart the bot. This "
    "shows what is missing:"
)
_CURATOR = N_("Invite a curator")
_CURATOR_WHY = N_("Curators know the answers and fill the gaps. Create a sign-in link for them under Settings.")


def build_beginning(beginning: Beginning, words: Words) -> None:
    """Show the steps."""
    node("p", words.say("No questions yet. Three steps to your own answers:"))
    with node("ol", classes="steps"):
        with _build_step(_FAQ, _FAQ_WHY, "", words, is_done=beginning.has_knowledge):
            node("a", words.say("Open Import"), href=to_part(IMPORT))
        _build_step(_PLATFORM, _PLATFORM_WHY, "supportbot doctor", words, is_done=beginning.has_platform)
        with _build_step(_CURATOR, _CURATOR_WHY, "", words, is_done=beginning.has_company):
            node("a", words.say("Open Settings"), href="/console/settings")
    with node("p"):
        node("span", words.say("You can also ask a question yourself:") + " ")
        node("a", words.say("open the page"), href="/")


def _build_step(title: str, why: str, command: str, words: Words, *, is_done: bool) -> TextElement:
    with node("li", classes="step card done" if is_done else "step card") as step:
        with node("h2"):
            node("span", words.say(title))
            if is_done:
                node("span", words.say("Done"), classes="tick")
        node("p", words.say(why))
        if command:
            with node("pre"):
                node("code", command)
    return step
