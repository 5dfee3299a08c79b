"""What a message says: its text as Slack writes it, from wherever it stands.

Usually that is ``text``. Where it is missing, the blocks have the text. A forwarded message is an attachment; so
is the preview of a link, which nobody wrote. Any other shape counts as empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.dialects.slack_markup import escape, mentions

_DEEPEST = 6
"""Levels of blocks that Slack has; it also bounds the time."""


def text_of(message: Mapping[str, object]) -> str | None:
    """Return what a message says, forwarded messages last; None for what is no message."""
    match message.get("text"):
        case None if "blocks" in message or "attachments" in message:
            text = ""
        case str(given):
            text = given
        case _:
            return None
    if not text.strip():
        text = _read(message.get("blocks"))
    parts = [text, *_shared(message.get("attachments"))]
    return "\n".join(part for part in parts if part.strip())


def mentions_user(message: Mapping[str, object], user: str) -> bool:
    """Return whether the writer of a message mentions somebody: in its own words, and not in code."""
    blocks = message.get("blocks")
    if isinstance(blocks, list) and any(
        isinstance(one, dict) and one.get("type") == "rich_text" for one in blocks
    ):
        return mentions(_read(blocks), user)
    match message.get("text"):
        case str(text):
            return mentions(text, user)
    return False


def _shared(attachments: object) -> Iterator[str]:
    for attachment in attachments if isinstance(attachments, list) else ():
        match attachment:
            case {"is_share": True, "text": str(text)} if text.strip():
                yield text
            case {"is_share": True, "message_blocks": [*messages]}:
                for one in messages:
                    match one:
                        case {"message": {"blocks": blocks}}:
                            yield _read(blocks)


def _read(blocks: object) -> str:
    return _joined(blocks, "\n", _DEEPEST).strip("\n")


def _joined(elements: object, between: str, depth: int) -> str:
    if not isinstance(elements, list) or not depth:
        return ""
    return between.join(filter(None, (_element(element, depth - 1) for element in elements)))


def _element(element: object, depth: int) -> str:
    match element:
        case {"type": "text", "text": str(text), "style": {"code": True}}:
            return f"`{escape(text)}`"
        case {"type": "text", "text": str(text)}:
            return escape(text)
        case {"type": "user", "user_id": str(user)}:
            return f"<@{user}>"
        case {"type": "channel", "channel_id": str(channel)}:
            return f"<#{channel}>"
        case {"type": "usergroup", "usergroup_id": str(group)}:
            return f"<!subteam^{group}>"
        case {"type": "broadcast", "range": str(everybody)}:
            return f"<!{everybody}>"
        case {"type": "emoji", "name": str(name)}:
            return f":{name}:"
        case {"type": "link", "url": str(url), "text": str(label)}:
            return f"<{escape(url)}|{escape(label)}>"
        case {"type": "link", "url": str(url)}:
            return f"<{escape(url)}>"
        case {"type": "date", "fallback": str(text)}:
            return escape(text)
        case {"type": "rich_text_preformatted", "elements": elements}:
            return f"```\n{_joined(elements, '', depth)}\n```"
        case {"type": "rich_text_quote", "elements": elements}:
            return f"&gt; {_joined(elements, '', depth)}"
        case {"type": "rich_text" | "rich_text_list" | "context", "elements": elements}:
            return _joined(elements, "\n", depth)
        case {"elements": elements}:
            return _joined(elements, "", depth)
        case {"text": {"text": str(text)}} | {"type": "markdown" | "mrkdwn" | "plain_text", "text": str(text)}:
            return text
    return ""
