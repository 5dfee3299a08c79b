"""What the page is made of around its answers: greeting, questions, footnote; without any behaviour of the bot.

What people and models wrote goes into text nodes only, so it can't become markup, a link or a script.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui.elements.mixins.text_element import TextElement

from bot.web.nodes import node, on_click
from bot.web.visitor import NEW_CONVERSATION_PATH
from bot.web.welcome import Welcome
from supportbot.words import N_, Words

DEMO = N_("Demo: this shop doesn't exist. Import your FAQ to get your own answers.")
_LEARNED_FROM = N_("Questions, answers and votes may be used to train the bot.")


def build_header(name: str, model_version: str, words: Words) -> None:
    """Show whose page this is, which model answers, and the way to a fresh conversation."""
    header = node("header", classes="top", role="banner", lang=words.language)
    with header, node("div", classes="measure bar"):
        node("span", classes="logo", aria_hidden="true")
        with node("div", classes="title"):
            node("strong", name, dir="auto")
            if model_version:
                node(
                    "span",
                    words.say("Model {version}", version=model_version),
                    classes="model",
                    title=words.say("Answers by {version}", version=model_version),
                )
        with node("form", method="post", action=NEW_CONVERSATION_PATH):
            node("button", words.say("New conversation"), classes="new", type="submit")


def build_greeting(welcome: Welcome, on_example: Callable[[str], object], words: Words) -> TextElement:
    """Return what a conversation begins with: a welcome, and questions that a click asks."""
    about = words.say("Ask in your own words. Vote 👍 or 👎 on an answer to tell the team how well it did.")
    if welcome.demo:
        about = words.say(
            "Ask about orders, returns, payments or your account. Vote 👍 or 👎 on an answer to tell the "
            "team how well it did."
        )
    with node("section", classes="greeting") as greeting:
        node("h1", words.say("Hello! How can I help?"))
        node("p", about)
        if welcome.examples:
            with node("div", classes="examples", role="group", aria_label=words.say("Example questions")):
                for example in welcome.examples:
                    button = node("button", example, classes="example", type="button", dir="auto")
                    on_click(button, on_example, example)
        if welcome.demo:
            node("p", words.say(DEMO), classes="demo")
    return greeting


def build_footnote(words: Words, *, is_learned_from: bool) -> None:
    """Show what everybody who asks should know."""
    sentences = [
        words.say("A person approved every verified answer. Other answers can be wrong."),
        words.say("Everything is stored in this bot's own database."),
        *([words.say(_LEARNED_FROM)] if is_learned_from else []),
    ]
    node("p", " ".join(sentences), classes="footnote")


def build_question(text: str, words: Words) -> None:
    """Show what was asked."""
    with node("article", classes="question", aria_label=words.say("You asked")):
        node("p", text, classes="said", dir="auto")
