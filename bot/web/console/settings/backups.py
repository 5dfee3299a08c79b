"""Backups: when the last was made and where, what the clock does, and one more made now."""

from __future__ import annotations

from bot.web.console.frame import button
from bot.web.console.parts.acting import act, attempt
from bot.web.console.parts.elements import moment
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.words import N_

_ABOUT = N_(
    "A backup holds the database, the models and a list of the settings without secrets. It includes what "
    "people asked, so keep a copy on another machine where nobody else can read it."
)


class BackupPanel:
    """How it stands with backups.

    Args:
        visit: of whoever has opened it.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._backups = visit.console.administration.backups

    async def build(self) -> None:
        """Build it."""
        say = self._words.say
        node("p", say(_ABOUT), classes="muted")
        self._standing = node("div")
        if may(self._visit.operator.role, Action.CONFIGURE):
            self._button = button(say("Back up now"), self._make, classes="main")
            self._progress = node("p", role="status")
        await attempt(self._visit, self._show)

    async def _show(self) -> None:
        say, words = self._words.say, self._words
        standing = await self._backups.standing()
        self._standing.clear()
        with self._standing, node("dl"):
            node("dt", say("Last backup"), classes="muted")
            with node("dd"):
                if standing.newest is None:
                    node("span", say("No backups yet."))
                else:
                    moment(standing.newest.at, words)
                    node("br")
                    node("code", str(standing.newest.path), dir="auto")
            node("dt", say("Folder"), classes="muted")
            with node("dd"):
                node("code", str(standing.folder), dir="auto")
                node("span", words.say_many("{number} backup", "{number} backups", standing.number))
            node("dt", say("Schedule"), classes="muted")
            with node("dd"):
                if standing.every_hours is None:
                    node(
                        "span",
                        say(
                            "Never. To schedule backups, set SUPPORTBOT_BACKUP_HOURS, such as 24, and "
                            "restart the bot."
                        ),
                    )
                else:
                    hours = f"{standing.every_hours:g}"
                    text = say(
                        "Every {hours} hours (SUPPORTBOT_BACKUP_HOURS). The newest {kept} are kept "
                        "(SUPPORTBOT_BACKUP_KEEP).",
                        hours=hours,
                        kept=words.number(standing.keep),
                    )
                    node("span", text)
            if standing.is_making:
                node("p", say("A backup is running."))

    async def _make(self) -> None:
        async def make(operator: Operator) -> None:
            self._button.props["disabled"] = True
            self._progress.text = self._words.say("A backup is running. You can leave this page.")
            try:
                path = await self._backups.make(operator.name)
            finally:
                del self._button.props["disabled"]
                self._progress.text = ""
            if not self._standing.is_deleted:
                await self._show()
                self._visit.frame.say(self._words.say("Backup complete: {path}", path=path))

        await act(self._visit, Action.CONFIGURE, make)
