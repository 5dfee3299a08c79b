"""What Slack takes as a message: its text and its blocks, against the limits and shapes of Slack's reference."""

from __future__ import annotations

import json

from tests.slack_server.records import Json

MAX_BLOCKS = 50
MAX_SECTION = 3_000
MAX_BLOCKS_TEXT = 13_200
MAX_CONTEXT = 10
MAX_ACTIONS = 25
MAX_BUTTON = 75
MAX_VALUE = 2_000
MAX_TEXT = 40_000


class ApiFailedError(Exception):
    """``ok: false``."""


def check_blocks(arguments: Json) -> None:
    """Check the text and the blocks of a call.

    Raises:
        ApiFailedError: Slack would refuse them.
    """
    blocks = arguments.get("blocks", [])
    if not blocks and not str(arguments.get("text", "")).strip():
        raise ApiFailedError("no_text")
    if len(arguments.get("text", "")) > MAX_TEXT:
        raise ApiFailedError("msg_too_long")
    lengths = [len(block["text"]["text"]) for block in blocks if block["type"] == "section"]
    if len(blocks) > MAX_BLOCKS or any(not 0 < length <= MAX_SECTION for length in lengths):
        raise ApiFailedError("invalid_blocks")
    lengths += [len(json.dumps(block, ensure_ascii=False)) for block in blocks if block["type"] == "rich_text"]
    if sum(lengths) > MAX_BLOCKS_TEXT:
        raise ApiFailedError("msg_blocks_too_long")
    for block in blocks:
        if not is_valid(block):
            raise ApiFailedError("invalid_blocks")


def is_valid(block: Json) -> bool:
    """Check a block against Slack's reference of context, actions and rich text; others are not looked into."""
    elements = block.get("elements", [])
    match block["type"]:
        case "context":
            return 0 < len(elements) <= MAX_CONTEXT and all(
                0 < len(one["text"]) <= MAX_SECTION for one in elements
            )
        case "actions":
            names = {one["action_id"] for one in elements}
            return 0 < len(elements) == len(names) <= MAX_ACTIONS and all(
                one["text"]["type"] == "plain_text"
                and 0 < len(one["text"]["text"]) <= MAX_BUTTON
                and len(one["value"]) <= MAX_VALUE
                for one in elements
            )
        case "rich_text":
            return bool(elements) and all(map(_is_valid_rich, elements))
    return True


def _is_valid_rich(element: Json) -> bool:
    """Check a part of rich text: there is something in each, and a link leads to an address."""
    match element:
        case {"type": "text", "text": str(text)}:
            return text != ""
        case {"type": "link", "url": str(url)}:
            return url.startswith(("http://", "https://"))
        case {"type": "rich_text_list", "style": "bullet" | "ordered", "elements": [_, *_] as items}:
            return all(item["type"] == "rich_text_section" and _is_valid_rich(item) for item in items)
        case {
            "type": "rich_text_section" | "rich_text_quote" | "rich_text_preformatted",
            "elements": [_, *_] as parts,
        }:
            return all(part["type"] in ("text", "link") and _is_valid_rich(part) for part in parts)
    return False
