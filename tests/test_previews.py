"""Previews show what the platforms are sent: every word, in its style, and never a link that hides its address."""

from __future__ import annotations

import pytest

from bot.dialects.previews import in_discord, in_slack, on_page
from supportbot.markdown import Code, Items, Paragraph, Quote, Rule, Span, to_text

ANSWER = """# Returns

**Send** it *back* within ~~10~~ 30 days, see [the form](https://shop.example/form).

- pack it
  1. well
  2. soon
- drop it

> Keep the receipt.

```
RMA-1
```

---
"""


def test_slack_is_read_back_with_its_structure() -> None:
    """Styles, nested lists, quotes, code and lines are those of the blocks that Slack gets."""
    [shown] = in_slack(ANSWER)
    first, items, quote, code, rule = shown
    assert isinstance(first, Paragraph)
    assert {Span("Send", bold=True), Span("back", italic=True), Span("10", strike=True)} <= set(first.spans)
    assert Span("https://shop.example/form", is_address=True) in first.spans
    assert isinstance(items, Items)
    assert [to_text(item[:1]) for item in items.items] == ["pack it", "drop it"]
    inner = items.items[0][1]
    assert isinstance(inner, Items)
    assert (inner.start, [to_text(item) for item in inner.items]) == (1, ["well", "soon"])
    assert quote == Quote((Paragraph((Span("Keep the receipt."),)),))
    assert (code, rule) == (Code("RMA-1"), Rule())


@pytest.mark.parametrize("look", [in_slack, in_discord, on_page])
def test_every_platform_shows_every_word(look) -> None:  # type: ignore[no-untyped-def]
    """Markdown, and plain text with what a platform would escape."""
    shown = " ".join(to_text(message) for message in look(ANSWER))
    for word in ("Returns", "Send", "back", "30 days", "https://shop.example/form", "drop it", "receipt", "RMA-1"):
        assert word in shown
    plain = "1 < 2 & 3 > 2"
    assert [to_text(message) for message in look(plain)] == [plain]


def test_a_long_answer_is_several_messages_in_discord_alone() -> None:
    """As many as the adapter sends."""
    long = "\n\n".join(f"Paragraph {number}. " + "word " * 60 for number in range(20))
    assert len(in_discord(long)) > 2
    assert len(in_slack(long)) == len(on_page(long)) == 1
