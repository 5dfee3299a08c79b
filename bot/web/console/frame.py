"""What is around every page of the console: the bot's name, the way to the other pages, keys, and notices.

A page fills ``main``. It says what happened with ``say`` and ``alert``, and offers to take it back with
``offer_undo``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from bot.web.console.pages import PAGES, ROOT, Page
from bot.web.console.parts.keys import Keys
from bot.web.console.parts.question import Question
from bot.web.nodes import node, on_click
from bot.web.page import COLOURS
from supportbot.access.roles import Operator, Role
from supportbot.printable import printable
from supportbot.words import N_, Words

SIGN_OUT_PATH = f"{ROOT}/sign-out"

UNDO_SECONDS = 10.0
"""How long an action can be taken back with one key."""

ROLES: Mapping[Role, str] = {Role.VIEWER: N_("Viewer"), Role.CURATOR: N_("Curator"), Role.ADMIN: N_("Admin")}
"""What roles are called."""

_MAIN = "main"
_STYLE = Path(__file__).with_name("console.css")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearings:
    """What the frame shows.

    Attributes:
        name: of the bot.
        model: the version that answers now; empty while none is asked.
        operator: who has opened the page.
        form_token: of the operator's session, for forms.
    """

    name: str
    model: str
    operator: Operator
    form_token: str


class Frame:
    """The frame of one open page.

    Args:
        page: which it is.
        bearings: what is shown around it.
        words: the console's own, in the operator's language.

    Attributes:
        main: where the page's elements go.
    """

    def __init__(self, page: Page, bearings: Bearings, words: Words) -> None:
        self._words = words
        ui.page_title(f"{words.say(page.title)} · {bearings.name}")
        for style in (COLOURS, _STYLE):
            ui.add_css(style)
        client = ui.context.client
        client.layout.classes("frame").props["lang"] = words.language
        # NiceGUI's page is the main landmark, so what is around it stands before it and not within.
        with client.layout:
            node("a", words.say("Skip to content"), classes="skip", href=f"#{_MAIN}").move(target_index=0)
            self._build_header(bearings).move(target_index=1)
            self._build_rail(page).move(target_index=2)
            with node("div", classes="notices"):
                self._said = node("p", classes="said", role="status")
                self._alert = node("p", classes="alert", role="alert")
                self._undo = node("div", classes="undo", role="status")
        self.main = node("div", id=_MAIN, tabindex="-1", classes="page")
        go = {one.letter: (one.path, words.say(one.title)) for one in PAGES.values()}
        self.keys = Keys(go, words)
        self.keys.add("u", words.say("Undo"), self._take_back)
        self._question = Question(words)
        self._undoing: Callable[[], object] | None = None
        self._timer: ui.timer | None = None

    def say(self, sentence: str) -> None:
        """Show what was done, already in the operator's language; nothing for none."""
        self._alert.text, self._said.text = "", printable(sentence)

    def alert(self, sentence: str) -> None:
        """Show what went wrong, likewise."""
        self._alert.text, self._said.text = printable(sentence), ""

    def clear(self) -> None:
        """Show neither."""
        self._alert.text = self._said.text = ""

    def show_open(self, name: str, count: int) -> None:
        """Show beside the name of a page how many things are open there; nothing for none."""
        shown = self._counts[name]
        shown.clear()
        with shown:
            if count:
                node("span", self._words.number(count), classes="count", aria_hidden="true")
                node("span", self._words.say_many("{number} open", "{number} open", count), classes="hidden")

    def ask(self, question: str, yes: str, then: Callable[[], object]) -> None:
        """Ask whether something is meant that is hard to take back.

        Args:
            question: in the operator's language.
            yes: what the button says that does it.
            then: does it; may be asynchronous.
        """
        self._question.ask(question, yes, then)

    def offer_undo(self, sentence: str, undo: Callable[[], object]) -> None:
        """Say what was done, and offer for ten seconds to take it back.

        Args:
            sentence: in the operator's language.
            undo: takes it back, once at most; may be asynchronous.
        """
        self._close_undo()
        self._undoing = undo
        with self._undo:
            node("span", sentence)
            button = node("button", self._words.say("Undo"), classes="button", type="button", title="u")
            button.on("click", self._take_back, args=[])
            self._timer = ui.timer(UNDO_SECONDS, self._close_undo, once=True, immediate=False)

    def _take_back(self) -> object:
        undo = self._undoing
        self._close_undo()
        return undo and undo()

    def _close_undo(self) -> None:
        self._undoing = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._undo.clear()

    def _build_header(self, bearings: Bearings) -> TextElement:
        words = self._words
        with node("header", classes="head") as header:
            node("strong", bearings.name, dir="auto")
            if bearings.model:
                node("span", words.say("Model {version}", version=bearings.model), classes="model")
            role = words.say(ROLES[bearings.operator.role])
            node("span", f"{bearings.operator.name} · {role}", classes="who", dir="auto")
            with node("form", method="post", action=SIGN_OUT_PATH):
                node("input", type="hidden", name="token", value=bearings.form_token)
                node("button", words.say("Sign out"), classes="button", type="submit")
        return header

    def _build_rail(self, page: Page) -> TextElement:
        self._counts: dict[str, TextElement] = {}
        with node("nav", classes="rail", aria_label=self._words.say("Pages")) as rail:
            for one in PAGES.values():
                current = {"aria_current": "page"} if one is page else {}
                with node("a", classes=f"to {one.name}", href=one.path, **current):
                    node("span", self._words.say(one.title), classes="name")
                    self._counts[one.name] = node("span", classes="open")
        return rail


def button(label: str, handler: Callable[..., object], *arguments: object, classes: str = "") -> TextElement:
    """Return a button that calls a handler with arguments."""
    return on_click(node("button", label, classes=f"button {classes}", type="button"), handler, *arguments)
