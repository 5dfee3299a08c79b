"""A file of questions and answers: sent, looked through, shown as it was understood, and written on a word."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from nicegui import background_tasks, ui

from bot.web.console.frame import button
from bot.web.console.knowledge.paths import to_part
from bot.web.console.knowledge.progress import Progress
from bot.web.console.knowledge.samples import build_samples
from bot.web.console.parts.acting import act
from bot.web.console.parts.field import Choice, Field
from bot.web.console.parts.file import FileField
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.feedback.curation.contradictions import Contradiction
from supportbot.feedback.curation.imports import Imported, Keep, Prepared
from supportbot.feedback.curation.reading import ENDINGS, UnknownColumnsError
from supportbot.printable import shortened
from supportbot.teaching.preview import describe_file
from supportbot.teaching.uploads import Upload

_AT_ONCE, _LATER = "now", "later"
_LONGEST_COLUMN = 500


async def build(visit: Visit) -> None:
    """Build the page."""
    words = visit.words
    node("h1", words.say("Import"))
    node(
        "p",
        words.say(
            "Upload your FAQ as CSV, Excel, JSON, Parquet, Markdown or HTML. You see a preview before "
            "anything is saved."
        ),
        classes="muted",
    )
    _Page(visit)


class _Page:
    """One file after another; what is open of one ends with the next, or with the page."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._upload: Upload | None = None
        self._open: AsyncExitStack | None = None
        self._prepared: Prepared | None = None
        self._turn = asyncio.Lock()  # who clicks fast, or leaves, waits for what is in progress
        words, is_open = visit.words, may(visit.operator.role, Action.TEACH)
        with node("div", classes="row fields"):
            self._question = Field(
                "question-column",
                words.say("Question column"),
                limit=_LONGEST_COLUMN,
                hint=words.say("Leave empty to use the entry's name. Separate several wordings with |"),
            )
            self._answer = Field("answer-column", words.say("Answer column"), limit=_LONGEST_COLUMN)
            when = {_AT_ONCE: words.say("Approve all immediately"), _LATER: words.say("Send to review")}
            self._when = Choice("when", words.say("Imported rows"), when, _AT_ONCE)
        FileField("file", words.say("File"), ENDINGS, visit, Action.TEACH, self._take, disabled=not is_open)
        if not is_open:
            node("p", words.say("Only curators can import."), classes="muted")
        self._progress = Progress(words)
        self._result = node("div", classes="import", aria_live="polite")
        ui.context.client.on_delete(self._leave)

    async def _take(self, upload: Upload) -> None:
        async with self._turn:
            await self._end()
            self._upload = upload
            await self._look_through(None)

    async def _look(self, prefer: Keep | None) -> None:
        async with self._turn:
            await self._look_through(prefer)

    async def _look_through(self, prefer: Keep | None) -> None:
        """Look the file through, and show it."""
        await self._close()
        self._result.clear()
        with self._progress:
            prepared = await act(self._visit, Action.TEACH, partial(self._prepare, prefer))
        if self._result.is_deleted:  # the page was closed meanwhile
            await self._end()
            return
        if prepared is None:
            return
        with self._result:
            if isinstance(prepared, UnknownColumnsError):
                self._ask_for_columns(prepared)
            else:
                self._show(prepared)

    async def _prepare(self, prefer: Keep | None, operator: Operator) -> Prepared | UnknownColumnsError | None:
        if self._upload is None:
            return None
        columns = {"question": self._question.value.strip(), "answer": self._answer.value.strip()}
        opening = AsyncExitStack()
        table = self._visit.console.knowledge.bringing.table(
            self._upload,
            by=operator.name,
            approve=self._when.value == _AT_ONCE,
            columns={name: column for name, column in columns.items() if column},
            prefer=prefer,
            told=self._progress.told,
        )
        try:
            prepared = await opening.enter_async_context(table)
        except UnknownColumnsError as error:
            return error
        self._open, self._prepared = opening, prepared
        return prepared

    def _ask_for_columns(self, error: UnknownColumnsError) -> None:
        words = self._visit.words
        with node("div", classes="advice", role="group", aria_label=words.say("Columns")):
            there = ", ".join(map(shortened, error.names)) or "–"
            node("p", words.say("Enter the question and answer columns above."))
            node("p", words.say("Available columns: {names}", names=there), dir="auto")
            with node("div", classes="row"):
                button(words.say("Preview again"), self._look, None, classes="main")
                button(words.say("Cancel"), self._cancel)

    def _show(self, prepared: Prepared) -> None:
        words, table, found = self._visit.words, prepared.table, prepared.found
        node("h2", shortened(table.path.name), dir="auto")
        columns = ", ".join(f"{field}: {shortened(name)}" for field, name in table.columns.items())
        node("p", words.say("{kind}; columns: {columns}", kind=shortened(table.kind), columns=columns), dir="auto")
        build_samples(found.survey.samples, words)
        with node("ul"):
            for line in describe_file(table, found, words, approved=self._when.value == _AT_ONCE):
                node("li", line, dir="auto")
        if found.contradictions and not prepared.is_settled:
            self._show_contradictions(prepared)
        else:
            with node("div", classes="row"):
                button(words.say("Import rows"), self._write, classes="main")
                button(words.say("Cancel"), self._cancel)

    def _show_contradictions(self, prepared: Prepared) -> None:
        words, found = self._visit.words, prepared.found
        with node("div", classes="advice", role="group", aria_label=words.say("Contradictions")):
            told = words.say_many(
                "{number} question has different answers. Choose which to keep, or fix the file.",
                "{number} questions have different answers. Choose which to keep, or fix the file.",
                found.contradictions,
            )
            node("p", told)
            with node("ul"):
                for each in found.named:
                    node("li", self._told(prepared, each), dir="auto")
            with node("div", classes="row"):
                button(words.say("Keep the newest answers"), self._look, Keep.NEWEST)
                button(words.say("Keep both"), self._look, Keep.BOTH)
                button(words.say("Cancel"), self._cancel)

    def _told(self, prepared: Prepared, each: Contradiction) -> str:
        words, unit = self._visit.words, prepared.table.unit
        here = f"{unit} {each.line}"
        there = words.say("already known") if each.other_line is None else f"{unit} {each.other_line}"
        return f"{shortened(each.question)} – {here}: {shortened(each.answer)} – {there}: {shortened(each.other)}"

    async def _write(self) -> None:
        words = self._visit.words
        async with self._turn:
            if (prepared := self._prepared) is None:  # a second click writes nothing
                return

            async def deed(operator: Operator) -> Imported:
                return await prepared.write(self._progress.told)

            with self._progress:
                imported = await act(self._visit, Action.TEACH, deed)
            await self._end()
        if self._result.is_deleted or imported is None:
            return
        self._result.clear()
        with self._result:
            told = words.say(
                "{wordings} wordings, {new} of them new, {approved} approved, {replaced} older ones replaced.",
                wordings=words.number(imported.wordings),
                new=words.number(imported.new),
                approved=words.number(imported.approved),
                replaced=words.number(imported.replaced),
            )
            node("p", told, classes="advice")
            if self._when.value == _AT_ONCE:
                node("a", words.say("Show the entries"), href=to_part())
            else:
                node("a", words.say("Review"), href="/console/review")

    async def _cancel(self) -> None:
        async with self._turn:
            await self._end()
        self._result.clear()

    async def _close(self) -> None:
        self._prepared = None
        if (opening := self._open) is not None:
            self._open = None
            await opening.aclose()

    async def _end(self) -> None:
        await self._close()
        if self._upload is not None:
            self._upload.close()
            self._upload = None

    def _leave(self) -> None:
        async def leave() -> None:
            async with self._turn:
                await self._end()

        background_tasks.create(leave(), name="import-left")
