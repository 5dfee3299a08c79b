"""Modals: what opens one, what Slack refuses to show, and how a person fills one in."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from tests.slack_server.payloads import view_submission
from tests.slack_server.records import Json, Modal
from tests.slack_server.state import TEAM, State

TRIGGER_SECONDS = 3.0


class RefusedViewError(Exception):
    """Slack's name of what is wrong with a call that shows a view."""


class Modals:
    """Opens modals, takes what people do with them, and shows what the app answers.

    Attributes:
        trigger_seconds: how long after a click a modal may be opened.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._triggers: dict[str, tuple[str, str, float]] = {}
        self._used: set[str] = set()
        self.trigger_seconds = TRIGGER_SECONDS

    def new_trigger(self, user: str, team: str = TEAM) -> str:
        """Return what opens one modal for a person, once and soon."""
        trigger = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**9)}.{secrets.token_hex(16)}"
        self._triggers[trigger] = (user, team, time.monotonic())
        return trigger

    def open(self, arguments: Json) -> Json:
        """Answer ``views.open``.

        Raises:
            RefusedViewError: the trigger or the view is not valid.
        """
        trigger = arguments.get("trigger_id", "")
        if trigger not in self._triggers:
            raise RefusedViewError("invalid_trigger_id")
        if trigger in self._used:
            raise RefusedViewError("exchanged_trigger_id")
        user, team, at = self._triggers[trigger]
        if time.monotonic() - at > self.trigger_seconds:
            raise RefusedViewError("expired_trigger_id")
        check_view(arguments.get("view"))
        self._used.add(trigger)
        modal = Modal(id=f"V{secrets.token_hex(5).upper()}", user=user, view=arguments["view"], team=team)
        self._state.modals.append(modal)
        return {"view": {**modal.view, "id": modal.id}}

    def fill_in(
        self, modal: Modal, *, choose: str | None, write: str | None, fields: Mapping[str, str] | None = None
    ) -> Json:
        """Return the payload of a modal whose fields hold what they held, changed by what somebody does.

        Args:
            modal: that is open.
            choose: the words of the option to pick where there are options.
            write: what to write where somebody can.
            fields: likewise, for single fields by their block.

        Raises:
            LookupError: there is no such option.
            ValueError: Slack's own form would not send this.
        """
        if not modal.is_open:
            raise ValueError("The modal is closed.")
        values: Json = {}
        for block in modal.view["blocks"]:
            if block["type"] == "input":
                element = block["element"]
                own = (fields or {}).get(block["block_id"])
                value = _value(element, choose=choose or own, write=own if write is None else write)
                if not block.get("optional") and value.get("selected_option") is None:
                    raise ValueError(f"{block['label']['text']} is required.")
                values[block["block_id"]] = {element["action_id"]: {"type": element["type"], **value}}
        return view_submission(modal, values, self.new_trigger(modal.user, modal.team))

    def show_response(self, modal: Modal, response: Json | None) -> None:
        """Do with a modal what the app said when it acknowledged it.

        Raises:
            RefusedViewError: Slack would not understand it.
        """
        match response:
            case None | {"response_action": "clear"}:
                modal.is_open = False
            case {"response_action": "errors", "errors": dict() as errors}:
                inputs = {block["block_id"] for block in modal.view["blocks"] if block["type"] == "input"}
                _check(bool(errors) and set(errors) <= inputs, "errors")
                modal.errors = errors
            case {"response_action": "update", "view": view}:
                check_view(view)
                modal.view = view
            case _:
                raise RefusedViewError(f"not an answer to a modal: {response}")


def check_view(view: Any) -> None:
    """Check a modal against Slack's reference of views, blocks and elements.

    Raises:
        RefusedViewError: ``invalid_arguments`` and where.
    """
    match view:
        case {"type": "modal", "title": {"type": "plain_text", "text": str(title)}, "blocks": [*blocks]}:
            _check(0 < len(title) <= 24, "title")
        case _:
            raise RefusedViewError("invalid_arguments: not a modal")
    for name in ("submit", "close"):
        _check(0 < len(view.get(name, {"text": name})["text"]) <= 24, name)
    _check(len(view.get("private_metadata", "")) <= 3000, "private_metadata")
    _check(len(view.get("callback_id", "")) <= 255, "callback_id")
    _check(0 < len(blocks) <= 100, "blocks")
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    _check(len(ids) == len(set(ids)), "block_id")
    for block in blocks:
        match block:
            case {"type": "section", "text": {"text": str(text)}}:
                _check(0 < len(text) <= 3000, "section")
            case {"type": "input", "label": {"type": "plain_text", "text": str(label)}, "element": element}:
                _check("submit" in view, "an input without submit")
                _check(0 < len(label) <= 2000, "label")
                _check_element(element)
            case _:
                raise RefusedViewError(f"invalid_arguments: {block}")


def _check_element(element: Any) -> None:
    match element:
        case {"type": "radio_buttons", "action_id": str(), "options": [*options]}:
            _check(0 < len(options) <= 10, "options")
            for option in options:
                _check(0 < len(option["text"]["text"]) <= 75 and 0 < len(option["value"]) <= 150, "option")
            _check(element.get("initial_option", options[0]) in options, "initial_option")
        case {"type": "plain_text_input", "action_id": str()}:
            most = element.get("max_length", 3000)
            _check(0 < most <= 3000, "max_length")
            _check(len(element.get("initial_value", "")) <= most, "initial_value")
        case _:
            raise RefusedViewError(f"invalid_arguments: {element}")


def _check(is_right: bool, what: str) -> None:
    if not is_right:
        raise RefusedViewError(f"invalid_arguments: {what}")


def _value(element: Json, *, choose: str | None, write: str | None) -> Json:
    if element["type"] == "radio_buttons":
        if choose is None:
            return {"selected_option": element.get("initial_option")}
        found = [option for option in element["options"] if option["text"]["text"] == choose]
        if not found:
            raise LookupError(f"There is no option {choose!r}.")
        return {"selected_option": found[0]}
    text = element.get("initial_value") if write is None else write
    if text and len(text) > element["max_length"]:
        raise ValueError("The text is too long.")
    return {"value": text or None}  # an empty field is null
