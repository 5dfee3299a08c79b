"""What an erasure cannot reach, in sentences for the one who must see to it, and for the one who asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from supportbot.privacy.files import Files
from supportbot.words import ENGLISH, Words

_PLATFORM_NAMES = {"slack": "Slack", "discord": "Discord"}
_SHOWN = 5
"""Numbers and paths that a sentence names; the JSON has all of them."""


def beyond_reach(
    platform: str,
    *,
    is_sqlite: bool,
    kept: Sequence[int] = (),
    versions: Mapping[str, Sequence[int]] | None = None,
    files: Files | None = None,
    words: Words = ENGLISH,
) -> list[str]:
    """Return what is left for the operator to see to.

    Args:
        platform: of the person.
        is_sqlite: whether the database is a file of the bot's own.
        kept: approved answers in the person's words that stay.
        versions: model versions that learned from the person's rows.
        files: of the home, as ``clean_files`` left them.
        words: in which language.
    """
    say = words.say
    left = []
    if (name := _PLATFORM_NAMES.get(platform)) is not None:
        left.append(
            say("Messages in {platform} itself, including the bot's answers: delete them there.", platform=name)
        )
    left += [
        say(
            "Files from `supportbot export` outside SUPPORTBOT_HOME, and reports or runs stored elsewhere: "
            "delete them, or create them again."
        ),
        say("Installations that imported such a file: their rows name nobody, but can be found by their text."),
        say("Backups: older backups still hold everything. Delete them, or erase again after you restore one."),
        say("What other people wrote about the person in their own questions."),
        say("Answers written for people before the bot recorded who wrote them (schema 0006 and older)."),
        say("Text in the memory of a daemon and of its model's process. It is gone after their next restart."),
    ]
    if not is_sqlite:
        left.append(
            say(
                "PostgreSQL's own log (WAL), replicas, and free space in its files. `VACUUM FULL` rewrites "
                "the tables."
            )
        )
    if kept:
        left.append(
            say(
                "Approved answers in the person's words that also answer other people's wordings: {numbers}. "
                "Reword them with `supportbot knowledge edit ID --answer`, or retire them.",
                numbers=_some(kept, words),
            )
        )
    left += [
        say(
            "Model version '{version}' learned from {count} of the rows (numbers {numbers}). Train another "
            "version and promote it, then run `supportbot models retire {version}`.",
            version=version,
            count=len(ids),
            numbers=_some(ids, words),
        )
        for version, ids in sorted((versions or {}).items())
    ]
    left += [
        say("The file {path} contains data of this person. Delete it.", path=path)
        for path in (files or Files()).holding
    ]
    return left


def beyond_reach_in_chat(platform: str, words: Words = ENGLISH) -> str:
    """Return the same in a sentence for somebody who had themselves erased in chat."""
    name = _PLATFORM_NAMES.get(platform, platform)
    return words.say(
        "I can't delete messages in {platform} itself, the operator's backups and exports, or what a model "
        "has already learned. Ask the people who run this bot about those.",
        platform=name,
    )


def _some(numbers: Sequence[int], words: Words) -> str:
    shown = ", ".join(str(number) for number in numbers[:_SHOWN])
    if len(numbers) <= _SHOWN:
        return shown
    return words.say("{numbers} and {count} more", numbers=shown, count=len(numbers) - _SHOWN)
