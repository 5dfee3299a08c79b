"""Documents and pages: looked through, shown as they were understood, and proposed on a word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.web.console.frame import button
from bot.web.console.knowledge.progress import Progress
from bot.web.console.knowledge.samples import build_samples
from bot.web.console.parts.acting import act
from bot.web.console.parts.field import Field
from bot.web.console.parts.file import FileField
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.feedback.curation.documents.learning import Learned, Prepared
from supportbot.printable import shortened
from supportbot.teaching.preview import describe_passages
from supportbot.teaching.uploads import Upload

_ENDINGS = (".md", ".markdown", ".html", ".htm", ".pdf", ".docx", ".txt")
_LONGEST_ADDRESS = 2_000


async def build(visit: Visit) -> None:
    """Build the page."""
    words = visit.words
    node("h1", words.say("Documents"))
    node(
        "p",
        words.say(
            "Upload a handbook or help page. Each passage becomes a proposed answer, with its heading as the "
            "question. Nothing is used until a curator approves it."
        ),
        classes="muted",
    )
    _Page(visit)


class _Page:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._prepared: Prepared | None = None
        words, is_open = visit.words, may(visit.operator.role, Action.TEACH)
        label = words.say("Markdown, HTML, PDF, Word (.docx) or text")
        FileField("document", label, _ENDINGS, visit, Action.TEACH, self._take, disabled=not is_open)
        with node("div", classes="row"):
            self._address = Field(
                "address",
                words.say("or an address of the web"),
                kind="url",
                limit=_LONGEST_ADDRESS,
                disabled=not is_open,
                on_enter=self._fetch,
            )
            if is_open:
                button(words.say("Preview"), self._fetch)
        if not is_open:
            node("p", words.say("Only curators can propose passages."), classes="muted")
        self._progress = Progress(words)
        self._result = node("div", classes="import", aria_live="polite")

    async def _take(self, upload: Upload) -> None:
        bringing = self._visit.console.knowledge.bringing
        try:
            await self._look(lambda: bringing.document(upload))
        finally:
            upload.close()

    async def _fetch(self) -> None:
        if address := self._address.value.strip():
            bringing = self._visit.console.knowledge.bringing
            await self._look(lambda: bringing.page(address))

    async def _look(self, prepare: Callable[[], Awaitable[Prepared]]) -> None:
        async def deed(operator: Operator) -> Prepared:
            return await prepare()

        self._result.clear()
        with self._progress:
            prepared = await act(self._visit, Action.TEACH, deed)
        if prepared is None or self._result.is_deleted:
            return
        self._prepared = prepared
        with self._result:
            self._show(prepared)

    def _show(self, prepared: Prepared) -> None:
        words, found = self._visit.words, prepared.found
        node("h2", shortened(found.first, 100), dir="auto")
        if found.samples:
            build_samples(((one.question, one.answer) for one in found.samples), words)
        with node("ul"):
            for line in describe_passages(found, words):
                node("li", line, dir="auto")
        if found.known == found.passages:
            node("p", words.say("Nothing new to propose."))
            return
        with node("div", classes="row"):
            button(words.say("Propose passages"), self._write, classes="main")
            button(words.say("Cancel"), self._result.clear)

    async def _write(self) -> None:
        prepared, words = self._prepared, self._visit.words
        if prepared is None:
            return
        self._prepared = None  # a second click proposes nothing

        async def deed(operator: Operator) -> Learned:
            return await prepared.write(operator.name)

        learned = await act(self._visit, Action.TEACH, deed)
        if learned is None or self._result.is_deleted:
            return
        self._result.clear()
        with self._result:
            new = words.say_many(
                "{number} new proposal is waiting.", "{number} new proposals are waiting.", learned.new
            )
            node("p", new, classes="advice")
            node("a", words.say("Review"), href="/console/review")
