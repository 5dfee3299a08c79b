"""How answers look in Slack: what Markdown becomes, and that no text pings, hides or loses anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dialects.slack_blocks import build_parts
from bot.dialects.slack_markup import SECTION_LIMIT
from bot.dialects.slack_packing import MOST_BLOCKS, MOST_CHARACTERS
from bot.slack.views import build_preview, to_dicts
from tests.slack_server.blocks import is_valid

Json = dict[str, Any]


def shown(text: str) -> list[Json]:
    """Return the blocks of an answer as Slack gets them."""
    return [block for part in build_parts(text) for block in to_dicts(part.blocks)]


def parts(element: Json) -> Iterator[Json]:
    """Yield the texts and links of a block, in their order."""
    if element["type"] in ("text", "link"):
        yield element
    for inner in element.get("elements", []):
        yield from parts(inner)


def texts(blocks: list[Json]) -> list[str]:
    """Return every piece of text that people see, as Slack gets it."""
    sections = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    rich = [part.get("text") or part["url"] for block in blocks for part in parts(block)]
    return sections + rich


def rich(text: str) -> list[Json]:
    """Return the pieces of the one block of rich text that an answer becomes."""
    (block,) = shown(text)
    assert block["type"] == "rich_text"
    elements: list[Json] = block["elements"]
    return elements


def words(text: str) -> str:
    """Return what the one section of an answer says."""
    (section,) = rich(text)
    assert section["type"] == "rich_text_section"
    return "".join(part.get("text") or part["url"] for part in parts(section))


PLAIN = [
    "Press it.",
    "a_b_c 2 * 3 * 4 <b> & @here",
    "one\ntwo\n\nthree",
    r"Open \\files\public",
    "https://a.example/_b_c_",
    r"C:\me\.ssh",
]


@pytest.mark.parametrize("text", PLAIN)
def test_text_without_markdown_is_shown_as_it_was_typed(text: str) -> None:
    """Where there is no Markdown nothing changes: one section, word for word."""
    (section,) = shown(text)
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert section["text"] == {"type": "mrkdwn", "text": escaped, "verbatim": True}
    assert build_preview(text) == escaped


def test_styles_and_headings() -> None:
    """Bold, italics, strikes and code have their style, and a heading is a bold line."""
    (section,) = rich("# Returns\n\n**a** *b* ~~c~~ `d` ***e***")
    styles = {part["text"].strip(): part["style"] for part in parts(section) if "style" in part}
    assert styles == {
        "Returns": {"bold": True},
        "a": {"bold": True},
        "b": {"italic": True},
        "c": {"strike": True},
        "d": {"code": True},
        "e": {"bold": True, "italic": True},
    }
    assert words("# Returns\n\nSend it.\n\nSoon.") == "Returns\nSend it.\n\nSoon."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("see [the *page*](https://a.example/b)", "see the page (https://a.example/b)"),
        ("[a.example](https://a.example/)", "https://a.example/"),
        ("[https://bank.example](https://evil.example)", "https://bank.example (https://evil.example)"),
        ("<https://a.example/b>", "https://a.example/b"),
        ("**a** (https://a.example/_b_/c_(d)).", "a (https://a.example/_b_/c_(d))."),
        ("[see https://a.example](https://b.example)", "see https://a.example (https://b.example)"),
        (r"5 \* 3 in \\files\_", r"5 * 3 in \\files_"),
        ("![logo](https://a.example/b.png)", "logo (https://a.example/b.png)"),
        ("[write](mailto:help@a.example)", "write (help@a.example)"),
        ("[home](/returns 'All of it')", "home (/returns) “All of it”"),
        ("[größer](https://a.example/größe)", "größer (https://a.example/größe)"),
    ],
)
def test_link_shows_its_address(text: str, says: str) -> None:
    """A link is what it says and then where it leads, or only that if both are the same."""
    assert words(text) == says


def test_only_addresses_of_the_web_can_be_clicked() -> None:
    """What could look like another address, or is none of the web, is text; so is a script."""
    (section,) = rich("[a](https://a.example) [b](https://аpple.example) [c](/x) [d](mailto:a@b.c) **e**")
    assert [part["url"] for part in parts(section) if part["type"] == "link"] == ["https://a.example"]
    assert words("[x](javascript:alert(1)) **y**") == "[x](javascript:alert(1)) y"


def test_lists() -> None:
    """Lists are lists, with their numbers; what an item holds stands below it, and the list goes on."""
    bullets, ordered, code, more = rich("- a\n- b\n\n7. c\n8. d\n   ```sh\n   run\n   ```\n9. e")
    assert (bullets["style"], len(bullets["elements"])) == ("bullet", 2)
    assert (ordered["style"], ordered["offset"], len(ordered["elements"])) == ("ordered", 6, 2)
    assert (code["type"], code["elements"]) == ("rich_text_preformatted", [{"type": "text", "text": "run"}])
    assert (more["offset"], len(more["elements"])) == (8, 1)
    outer, inner = rich("1. a\n   - b")
    assert (outer["indent"], inner["indent"]) == (0, 1)


def test_quotes_and_lines_across() -> None:
    """A quote is one, its lists as lines; a line across is one."""
    quote, divider, section = shown("> a\n> - b\n\n---\n\n**c**")
    assert quote["elements"][0]["type"] == "rich_text_quote"
    assert "".join(texts([quote])) == "a\n\n• b"
    assert divider["type"] == "divider"
    assert texts([section]) == ["c"]


def test_table_stands_in_columns() -> None:
    """A table is set in columns; one too wide for that is a list of its rows."""
    (table,) = rich("| Plan | Price |\n|---|--:|\n| **A** | 1 |\n| 東京 | [2](https://a.example) |")
    assert table["type"] == "rich_text_preformatted"
    assert texts([table])[0].splitlines() == [
        "Plan  Price",
        "────  ─────────────────────",
        "A     1",
        "東京  2 (https://a.example)",
    ]
    (rows,) = rich(f"| Plan | What |\n|---|---|\n| A | {'long ' * 20} |\n| B | c |")
    assert rows["type"] == "rich_text_list"
    assert "".join(texts([rows["elements"][1]])) == "Plan: B\nWhat: c"


def test_notification_has_no_signs_of_markdown() -> None:
    """What notifications and screen readers get is the text without signs, escaped."""
    preview = build_preview("# Returns\n\n**Note:** see [the page](https://a.example).\n\n- a\n- `b<c`")
    assert preview == "Returns\n\nNote: see the page (https://a.example).\n\n• a\n• b&lt;c"


def test_long_answer_goes_on_in_further_blocks() -> None:
    """A long answer is split at paragraphs, a code block stays whole, and nothing is cut away."""
    paragraph = "word " * 300
    code = "x = 1\n" * 300
    blocks = shown(f"**a**\n\n{paragraph}\n\n{paragraph}\n\n```\n{code}```\n\n{paragraph}")
    assert [block["type"] for block in blocks] == ["rich_text"] * 4
    shapes = [[element["type"] for element in block["elements"]] for block in blocks]
    assert shapes[2] == ["rich_text_preformatted"]
    assert sum(text.count("word") for text in texts(blocks)) == 900
    assert texts([blocks[2]]) == [code.strip()]


def test_longest_answers_go_on_in_further_messages() -> None:
    """Messages end between paragraphs, and code that one message holds is not divided between two."""
    paragraphs = [f"{number} {'word ' * 100}".strip() for number in range(60)]
    code = "\n".join(f"x{number} = 1" for number in range(1_000))
    answer = "\n\n".join(["# How", *paragraphs[:10], f"```\n{code}\n```", *paragraphs[10:]])
    parts = build_parts(answer)
    assert len(parts) > 3
    assert [lines for part in parts if (lines := part.text.count(" = 1"))] == [1_000]
    for part in parts:
        assert part.text.split("\n\n")[-1] in paragraphs or part.text.endswith("x999 = 1")
    assert "\n\n".join(part.text for part in parts).replace("\n\n", "\n").split("\n") == [
        *("How", *paragraphs[:10]),
        *code.split("\n"),
        *paragraphs[10:],
    ]


def test_list_goes_on_with_its_numbers() -> None:
    """A long list is divided between its items, which keep their numbers."""
    parts = build_parts("\n".join(f"{number}. {'word ' * 50}" for number in range(1, 101)))
    assert len(parts) > 1
    found = [line.partition(".")[0] for part in parts for line in part.text.split("\n") if line]
    assert found == [str(number) for number in range(1, 101)]


def test_too_much_formatting_is_left_out() -> None:
    """Where formatting would take many messages more than the words do, they are shown without it, all of them."""
    blocks = shown("**a** *b*\n\n---\n\n" * 600)
    assert {block["type"] for block in blocks} == {"section"}
    assert sum(text.count("a") for text in texts(blocks)) == 600


WORDS = st.sampled_from(["Alpha", "Beta2", "GAMMA", "Größe", "東京"])
NASTY = st.sampled_from(
    [
        *("<@U1>", "<!channel>", "<#C1>", "<!subteam^S1>", "@here", "&lt;!here&gt;", "[<@U1>](<!here>)"),
        *("<http://evil.example|Bank>", "[Bank](http://evil.example)", "![Pic](https://a.example/<@U1>)"),
        *("<https://evil.example>", "https://evil.example/_a_", "<b>", "&amp;", "\\", "\u202e", "\ud800", "\x00"),
    ]
)
SIGNS = st.sampled_from(
    [
        *(
            "**",
            "*",
            "_",
            "~~",
            "`",
            "```",
            "```py\n",
            "\n```\n",
            "# ",
            "> ",
            "- ",
            "1. ",
            "\n",
            "\n\n",
            " ",
            "    ",
        ),
        *("[", "](", ")", "!", "<", ">", "===", "\n\n---\n\n", ": ", "|", "\n|---|---|\n"),
    ]
)
ANSWERS = st.lists(WORDS | NASTY | SIGNS, max_size=40).map("".join) | st.text()
LONG = st.builds(lambda piece, count: (piece * count)[:30_000], ANSWERS, st.integers(1, 3_000))


@given(ANSWERS)
def test_no_answer_pings_or_hides_or_loses(text: str) -> None:
    """Whatever an answer says: no mention, no link but one that shows its address, and every word of it."""
    blocks = shown(text)
    assert all(is_valid(block) for block in blocks)
    for piece in (*texts(blocks), build_preview(text)):
        assert not re.search(r"<[@!#]", piece)
        assert not set("\u202e\u200b\x00\ud800") & set(piece)
    links = [part for block in blocks for part in parts(block) if part["type"] == "link"]
    assert all(set(link) <= {"type", "url", "style"} for link in links)
    everything, preview = "".join(texts(blocks)), build_preview(text)
    for word in re.findall(r"Alpha|Beta2|GAMMA|Größe|東京|Bank|Pic|evil\.example", text):
        assert word in everything
        assert word in preview


@settings(max_examples=25)  # each reads tens of thousands of characters
@given(LONG)
def test_no_message_is_over_its_limit_and_nothing_is_cut_away(text: str) -> None:
    """Whatever the length, Slack's limits hold, and every word is shown, also without the looks of the answer."""
    parts = build_parts(text)
    for part in parts:
        for found in (part.blocks, part.in_words()):
            blocks: list[Json] = to_dicts(found)
            assert 0 < len(blocks) <= MOST_BLOCKS
            for block in blocks:
                size = len(block["text"]["text"]) if "text" in block else sum(map(len, texts([block])))
                assert size <= SECTION_LIMIT
            assert sum(map(len, texts(blocks))) <= MOST_CHARACTERS
            rich = [block for block in blocks if block["type"] == "rich_text"]
            assert len(json.dumps(rich, ensure_ascii=False)) <= MOST_CHARACTERS
    everything = "".join(piece for part in parts for piece in texts(to_dicts(part.blocks)))
    in_words = "".join(part.text for part in parts)
    for word in ("Alpha", "Beta2", "GAMMA", "Größe", "東京"):
        assert min(everything.count(word), in_words.count(word)) >= text.count(word)
