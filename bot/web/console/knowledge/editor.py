"""What can be typed of an entry, beside what people will see of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from nicegui import ui

from bot.web.console.frame import button
from bot.web.console.knowledge.paths import to_entry
from bot.web.console.knowledge.previews import Previews
from bot.web.console.parts.acting import act
from bot.web.console.parts.field import MOST, Choice, Field
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.feedback.changes import SAME, Changed
from supportbot.knowledge.listing import EntryView
from supportbot.knowledge.manage import KnowledgeError, TakenError, TwinError
from supportbot.teaching.days import end_of, last_day
from supportbot.words import N_

_NO_WORDING = N_("Enter at least one wording, which is a way people ask for this answer.")
_NO_ANSWER = N_("Enter the answer. People get it word for word.")
_NO_DAY = N_("Choose a day in the future, or leave this empty.")
_ALREADY_LONG = N_("Too long to edit here. Use `supportbot knowledge edit`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typed:
    """What somebody typed."""

    wordings: list[str]
    answer: str
    valid_until: datetime | None
    workspace: str | None


class Editor:
    """What can be typed of an entry.

    Args:
        visit: of the page.
        entry: as it is; None for a new one.
        first: a wording of a new one.
        on_saved: called after an entry was changed.
        is_open: whether it may be changed.
    """

    def __init__(
        self,
        visit: Visit,
        entry: EntryView | None,
        first: str = "",
        on_saved: Callable[[], Awaitable[None]] | None = None,
        *,
        is_open: bool = True,
    ) -> None:
        self._visit = visit
        self._entry = entry
        self._on_saved = on_saved
        self._is_open = is_open and may(visit.operator.role, Action.TEACH)
        self._before = {" ".join(one.text.split()): one.wording_id for one in entry.wordings} if entry else {}
        self._text = "\n".join(self._before) if entry else first
        self._answer = entry.summary.answer if entry else ""
        self._client = ui.context.client

    async def build(self) -> None:
        """Build the form beside its previews."""
        visit, words, entry = self._visit, self._visit.words, self._entry
        is_whole = len(self._text) <= MOST
        until = entry.summary.valid_until if entry else None
        places = await visit.console.knowledge.shelf.workspaces()
        place = (entry.summary.workspace if entry else None) or ""
        closed = not self._is_open
        with node("div", classes="editor"):
            with node("div", classes="typed"):
                self._wordings = Field(
                    "wordings",
                    words.say("Wordings, one per line"),
                    self._text if is_whole else "",
                    rows=7,
                    hint=words.say("Three to five wordings work best.")
                    if is_whole
                    else words.say("Too many wordings to show. Those you enter here are added."),
                    disabled=closed,
                )
                is_short = len(self._answer) <= MOST
                self._answer_field = Field(
                    "answer",
                    words.say("Answer"),
                    self._answer if is_short else self._answer[:MOST],
                    rows=12,
                    hint=words.say("Markdown. People get it word for word." if is_short else _ALREADY_LONG),
                    disabled=closed or not is_short,
                    on_typed=lambda text: self._previews.show(text),
                )
                with node("div", classes="row fields"):
                    self._until = Field(
                        "until",
                        words.say("Last day"),
                        last_day(until).isoformat() if until else "",
                        kind="date",
                        hint=words.say("Leave empty for no limit."),
                        disabled=closed,
                    )
                    options = {"": words.say("Everywhere")} | {one: one for one in [*places, place] if one}
                    self._place = Choice("place", words.say("Used in"), options, place, disabled=closed)
                self._asking = node("div", classes="asking", role="status")
                if self._is_open:
                    button(words.say("Save"), self._save, classes="main")
            self._previews = Previews(words)
        self._is_whole, self._is_short = is_whole, is_short
        await self._previews.show(self._answer)

    async def _save(self, *, move: bool = False) -> None:
        self._asking.clear()
        changed = await act(self._visit, Action.TEACH, partial(self._write, move=move))
        if changed is None:
            return
        words, frame = self._visit.words, self._visit.frame
        if isinstance(changed, TakenError | TwinError):
            self._show_what_stands_in_the_way(changed)
        elif changed.is_new or self._entry is None:
            self._client.open(to_entry(changed.entry_id))
        elif self._on_saved is not None:
            await self._on_saved()
            frame.say(words.say("Saved. Every daemon uses it within two seconds."))

    async def _write(self, operator: Operator, *, move: bool) -> Changed | TakenError | TwinError:
        """Save what is typed.

        Raises:
            KnowledgeError: something is missing, or what is typed cannot be.
        """
        entries, typed = self._visit.console.knowledge.entries, self._read()
        try:
            if self._entry is None:
                return await entries.add(
                    typed.wordings,
                    typed.answer,
                    operator.name,
                    valid_until=typed.valid_until,
                    workspace=typed.workspace,
                    move=move,
                )
            before = self._entry.summary
            gone = set(self._before) - set(typed.wordings) if self._is_whole else set()
            was = last_day(before.valid_until) if before.valid_until else None
            now = last_day(typed.valid_until) if typed.valid_until else None
            return await entries.edit(
                before.entry_id,
                operator.name,
                answer=typed.answer if self._is_short and typed.answer != before.answer.strip() else None,
                add=[text for text in typed.wordings if text not in self._before],
                remove=[self._before[text] for text in gone],
                valid_until=SAME if was == now else typed.valid_until,
                workspace=SAME if typed.workspace == before.workspace else typed.workspace,
                move=move,
            )
        except (TakenError, TwinError) as error:
            return error

    def _read(self) -> _Typed:
        wordings = [line for text in self._wordings.value.splitlines() if (line := " ".join(text.split()))]
        if not wordings and (self._is_whole or self._entry is None):
            raise KnowledgeError(_NO_WORDING)
        answer = self._answer_field.value.strip()
        if not answer:
            raise KnowledgeError(_NO_ANSWER)
        return _Typed(
            wordings=[*dict.fromkeys(wordings)],
            answer=answer,
            valid_until=self._read_day(),
            workspace=self._place.value or None,
        )

    def _read_day(self) -> datetime | None:
        if not (text := self._until.value.strip()):
            return None
        before = self._entry.summary.valid_until if self._entry else None
        try:
            day = date.fromisoformat(text)
            is_fine = (before is not None and day == last_day(before)) or day >= datetime.now().astimezone().date()
            if is_fine:
                return end_of(day)
        except (ValueError, OverflowError):
            pass
        raise KnowledgeError(_NO_DAY)

    def _show_what_stands_in_the_way(self, error: TakenError | TwinError) -> None:
        words = self._visit.words
        with self._asking, node("div", classes="advice"):
            if isinstance(error, TwinError):
                node("span", words.say("Another entry already gives this answer. Add your wordings there."))
                number = error.entry_id
            else:
                told = words.say("Another entry already has this wording: {wording}", wording=error.first.text)
                node("span", told, dir="auto")
                node("blockquote", error.first.answer, dir="auto")
                number = error.first.entry_id
            node("a", words.say("Entry {entry}", entry=number), href=to_entry(number))
            if isinstance(error, TakenError):
                button(words.say("Use that wording here"), partial(self._save, move=True))
