"""A field for a file: it comes in pieces to an address of this page alone, behind the console's door.

Before the first piece is taken, its sender's rights are looked at; a page that is closed takes its file with it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence

import nicegui
from nicegui import ui
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.web.console.parts.acting import failure
from bot.web.console.visit import Visit
from supportbot.access.roles import Action
from supportbot.errors import SupportBotError
from supportbot.teaching.uploads import MOST_BYTES, Upload
from supportbot.words import N_

PIECE_BYTES = 512 * 1024
"""Of a request; within the port's ten seconds that takes half a megabit a second."""

_FAILED = N_("The file couldn't be sent. Choose it again in a moment.")
_REFUSED = 422
_PLACE = re.compile(r"[0-9]{1,12}")


class FileField(ui.element, component="file.js"):
    """A field for a file.

    Args:
        name: unique on the page.
        label: the text above it.
        endings: of the names of files that are offered to choose from.
        visit: of the page.
        action: what its sender must be allowed to.
        on_sent: called with a file that is there, whole; it belongs to who is called.
        disabled: whether none can be chosen.
    """

    def __init__(
        self,
        name: str,
        label: str,
        endings: Sequence[str],
        visit: Visit,
        action: Action,
        on_sent: Callable[[Upload], object],
        *,
        disabled: bool = False,
    ) -> None:
        super().__init__()
        self._visit = visit
        self._action = action
        self._on_sent = on_sent
        self._upload: Upload | None = None
        self._arriving = asyncio.Lock()
        self._url = f"/_nicegui/client/{self.client.id}/upload/{self.id}"
        words = visit.words
        props = {"name": name, "label": label, "accept": ",".join(endings), "url": self._url, "disabled": disabled}
        hint = words.say("{most} MB at most.", most=MOST_BYTES // 2**20)
        self._props.update({**props, "hint": hint, "failed": words.say(_FAILED)})
        self.on("sent", self._hand_over, args=[])
        nicegui.app.add_api_route(self._url, self._receive, methods=["POST"], include_in_schema=False)

    async def _receive(self, request: Request) -> Response:
        """Take a piece."""
        try:
            async with self._arriving:
                await self._take(request)
        except SupportBotError as error:
            return PlainTextResponse(failure(error, self._visit.words), status_code=_REFUSED)
        return PlainTextResponse("")

    async def _take(self, request: Request) -> None:
        place = request.query_params.get("at", "")
        at = int(place) if _PLACE.fullmatch(place) else -1
        if at == 0:
            await self._visit.authorise(self._action)
            self._drop()
            self._upload = await asyncio.to_thread(Upload, request.query_params.get("name", ""))
        piece = bytearray()
        async for part in request.stream():
            piece += part
            if len(piece) > PIECE_BYTES:
                raise SupportBotError(_FAILED)
        if self._upload is None:
            raise SupportBotError(_FAILED)
        await asyncio.to_thread(self._upload.append, bytes(piece), at)

    def _hand_over(self) -> object:
        upload, self._upload = self._upload, None
        return upload and self._on_sent(upload)

    def _drop(self) -> None:
        if self._upload is not None:
            self._upload.close()
            self._upload = None

    def _handle_delete(self) -> None:
        nicegui.app.remove_route(self._url)
        self._drop()
        super()._handle_delete()
