"""``supportbot digest``: shows a team's weekly digest without posting it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from supportbot.cli._terminal import JsonFlag, out, print_json, with_database
from supportbot.printable import printable

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.digest.digest import Digest
    from supportbot.handoffs.target import Target

_MOST_DAYS = 366


def digest(
    workspace: Annotated[str, typer.Option(help="The workspace, such as `slack:T123` or `discord:8000`.")],
    days: Annotated[int, typer.Option(min=1, max=_MOST_DAYS, help="How many days, up to now.")] = 7,
    as_json: JsonFlag = False,
) -> None:
    """Show how much was asked, what the bot did not know, and who helped; examples are redacted."""

    async def read(database: Database, settings: Settings) -> tuple[Digest, Target | None]:
        from supportbot.bootstrap import encoder_opener
        from supportbot.cli.stats import number_of
        from supportbot.db import audit
        from supportbot.digest.digest import Digests
        from supportbot.digest.week import channel_of
        from supportbot.policies.layers import effective

        number = await number_of(database, workspace)
        found = await Digests(database, encoder_opener(settings), settings.kept_contacts).read(number, days)
        async with database.write() as session:
            subject = f"digest:{number}"
            audit.record(session, actor=audit.current_user(), action="digest.read", subject=subject)
            policy = await effective(session, number)
        return found, channel_of(policy, workspace.partition(":")[0]) if policy.digest else None

    found, channel = with_database(read)
    if as_json:
        print_json(_record(found))
        return
    for line in _lines(found):
        out.print(Text(printable(line)))
    where = f"in {channel.name} of {channel.platform}, on Mondays at 9" if channel else "nowhere"
    out.print(Text(printable(f"\nIt is posted {where} (`supportbot policy show {workspace}`).")))


def _record(found: Digest) -> dict[str, Any]:
    return {
        "figures": asdict(found.figures),
        "gaps": [asdict(gap) for gap in found.gaps],
        "helpers": [asdict(helper) for helper in found.helpers],
    }


def _lines(found: Digest) -> list[str]:
    from supportbot.digest import words
    from supportbot.statistics.words import in_words

    if found.is_quiet:
        return [words.quiet_words(found)]
    lines = in_words(found.figures)
    names = [one.signed for one in found.helpers]
    writing = words.Writing(bullet="  ", quoted=_one_line, remark=str)
    for title, told in words.sections(found, names, len(found.gaps), writing):
        lines += [f"\n{title}:", *told]
    if found.gaps:
        lines.append(f"\n{words.ADD_TEXT} {words.ADD_COMMAND}")
    return lines


def _one_line(text: str) -> str:
    return " ".join(text.split())
