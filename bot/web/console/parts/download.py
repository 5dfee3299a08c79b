"""A link to a file that is made when somebody asks for it, at an address of this page alone.

It is behind the console's door, and the rights of who asks are looked at each time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import nicegui
from nicegui.elements.mixins.text_element import TextElement
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.web.console.parts.acting import failure
from bot.web.console.visit import Visit
from supportbot.access.roles import Action, Operator

_REFUSED = 422


class Download(TextElement):
    """The link.

    Args:
        label: what it says.
        name: of the file.
        media_type: of the file.
        visit: of the page.
        action: what whoever asks must be allowed to.
        make: makes the file; its argument is the operator as of then.
    """

    def __init__(
        self,
        label: str,
        name: str,
        media_type: str,
        visit: Visit,
        action: Action,
        make: Callable[[Operator], Awaitable[bytes]],
    ) -> None:
        super().__init__(tag="a", text=label)
        self._name = name
        self._media_type = media_type
        self._visit = visit
        self._action = action
        self._make = make
        self._url = f"/_nicegui/client/{self.client.id}/download/{self.id}"
        self.classes("button").props["href"] = self._url
        nicegui.app.add_api_route(self._url, self._serve, methods=["GET"], include_in_schema=False)

    async def _serve(self, request: Request) -> Response:
        headers = {"Cache-Control": "no-store"}
        try:
            content = await self._make(await self._visit.authorise(self._action))
        except Exception as error:
            sentence = failure(error, self._visit.words)
            return PlainTextResponse(sentence, status_code=_REFUSED, headers=headers)
        headers["Content-Disposition"] = f'attachment; filename="{self._name}"'
        return Response(content, media_type=self._media_type, headers=headers)

    def _handle_delete(self) -> None:
        nicegui.app.remove_route(self._url)
        super()._handle_delete()
