"""``supportbot knowledge status``: how many answers there are, how sure one must be, and what would help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from supportbot.cli._knowledge import shorten
from supportbot.cli._terminal import out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.knowledge.calibration import Calibration
    from supportbot.knowledge.listing import Counts
    from supportbot.knowledge.quoting import QuoteCalibration
    from supportbot.knowledge.rivals import Rivalry

_SHIPPED = "all-MiniLM-L6-v2"
_SHOWN_RIVALRIES = 20
_SHOWN_IDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The state of the knowledge.

    Attributes:
        encoder: its name in the settings.
        waiting: texts that had no vector of this encoder before this command; now they have.
        counts: how much there is.
        calibration: how sure an answer must be; None without any knowledge.
        rivalries: questions that two entries claim.
        passages: of documents, and which may be quoted.
    """

    encoder: str
    waiting: int
    counts: Counts
    calibration: Calibration | None
    rivalries: Sequence[Rivalry]
    passages: Quoting


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoting:
    """Passages of documents.

    Attributes:
        waiting: that wait for a curator.
        open: of these, may be quoted; None where documents are not quoted.
        calibration: how near one must be; None if there are too few to tell, or they are not quoted.
    """

    waiting: int
    open: int | None
    calibration: QuoteCalibration | None


async def read_standing(database: Database, settings: Settings) -> Standing:
    """Load and examine all knowledge; texts without a vector get one."""
    from supportbot.bootstrap import encoder_opener, make_knowledge, make_passages
    from supportbot.knowledge import documents
    from supportbot.knowledge.listing import count
    from supportbot.knowledge.rivals import waiting
    from supportbot.teaching.fights import Fights, digest_of, own_entries

    async with database.read() as session:
        counts = await count(session)
        proposed = await documents.count_waiting(session)
    before = await own_entries(database)
    open_encoder = encoder_opener(settings)
    knowledge = make_knowledge(settings, database, open_encoder)
    await knowledge.load()
    if (passages := make_passages(settings, database, open_encoder)) is not None:
        await passages.load()
    has_encoder = settings.encoder != "none"
    found = await Fights(database, knowledge, has_encoder=has_encoder).find()
    digest = digest_of(await own_entries(database), has_encoder=has_encoder)
    return Standing(
        encoder="none (letters only)" if settings.encoder == "none" else settings.encoder or _SHIPPED,
        waiting=waiting(before, digest) if digest is not None else 0,
        counts=counts,
        calibration=knowledge.calibration,
        rivalries=found,
        passages=Quoting(
            waiting=proposed,
            open=passages.number if passages else None,
            calibration=passages.shelf.calibration if passages and passages.shelf else None,
        ),
    )


def advice(standing: Standing) -> list[str]:
    """Return what would improve it, a sentence each."""
    counts, calibration = standing.counts, standing.calibration
    if not counts.entries:
        return [
            "There is no approved answer yet: use `supportbot import FILE --approve` or "
            "`supportbot knowledge add`."
        ]
    sentences = []
    if counts.single:
        have = "1 answer has" if counts.single == 1 else f"{counts.single} answers have"
        sentences.append(
            f"{have} one wording: give them 3 to 5; on comparable FAQs that raised right answers from 56 % to "
            "79-85 %."
        )
    if calibration is not None and calibration.evidence == "too little":
        sentences.append(
            "There is too little to calibrate on (at least 3 answers and 12 wordings are "
            "needed), so the threshold "
            "is one that worked on other FAQs."
        )
    if counts.expired:
        first = ", ".join(map(str, counts.expired[:_SHOWN_IDS]))
        more = " …" if len(counts.expired) > _SHOWN_IDS else ""
        sentences.append(
            f"{len(counts.expired)} expired and no longer given ({first}{more}): edit them with "
            "--valid-until, or retire them."
        )
    if standing.rivalries:
        number = len(standing.rivalries)
        sentences.append(
            f"{number} {'question is' if number == 1 else 'questions are'} claimed by two entries: reword one, "
            "remove one, or retire one of the entries."
        )
    return sentences


def show_standing(standing: Standing) -> None:
    """Print the state of the knowledge."""
    counts, calibration = standing.counts, standing.calibration
    table = Table(box=None, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    lines = [
        ("answers", f"{counts.entries} with {counts.wordings} wordings, {counts.retired} retired"),
        ("small talk", f"{counts.talk} answers"),
        ("foreign", f"{counts.foreign} questions marked"),
        ("encoder", standing.encoder),
        ("not yet encoded", f"{standing.waiting} texts, which are now" if standing.waiting else "none"),
    ]
    lines += _expectations(calibration) if calibration is not None else []
    lines.append(("passages", _passages(standing.passages)))
    lines.append(("revision", str(counts.revision)))
    for name, value in lines:
        table.add_row(name, Text(value))
    out.print(table)
    for sentence in advice(standing):
        out.print(Text(f"\n{sentence}"))
    if standing.rivalries:
        _show_rivalries(standing.rivalries)


def _expectations(calibration: Calibration) -> list[tuple[str, str]]:
    """Return how sure an answer must be and the effect of that, as far as it can be measured."""
    shares = [
        ("expected covered", calibration.coverage, ""),
        ("expected wrong", calibration.wrong, f" (chosen: {calibration.wrong_rate:.1%})"),
        ("contested", calibration.contested, " of the wordings are claimed by another answer too"),
        ("foreign answered", calibration.foreign, " of the wordings, each asked with its answer left out"),
    ]
    return [
        ("threshold", f"{calibration.threshold:.3f}, based on {calibration.evidence}"),
        *((name, f"{share:.1%}{rest}") for name, share, rest in shares if share is not None),
    ]


def _passages(passages: Quoting) -> str:
    waiting = (
        f"{passages.waiting} of documents wait for a curator" if passages.waiting else "none waits for a curator"
    )
    if passages.open is None:
        return f"{waiting}; none is quoted (SUPPORTBOT_QUOTE_DOCUMENTS)"
    if (calibration := passages.calibration) is None:
        return f"{waiting}; {passages.open} may be quoted, too few to find a threshold"
    return f"{waiting}; {passages.open} may be quoted, with a confidence of at least {calibration.threshold:.3f}"


def _show_rivalries(rivalries: Sequence[Rivalry]) -> None:
    table = Table(
        "entry", "its wording", "other", "its nearest", "similarity", "why", header_style="bold", box=None
    )
    for one in rivalries[:_SHOWN_RIVALRIES]:
        table.add_row(
            str(one.entry.id),
            Text(f"{one.wording.id}: {shorten(one.wording.text, 60)}"),
            str(one.other.id),
            Text(f"{one.other_wording.id}: {shorten(one.other_wording.text, 60)}"),
            f"{one.similarity:.2f}",
            str(one.sign),
        )
    out.print(table)
    if len(rivalries) > _SHOWN_RIVALRIES:
        out.print(f"{_SHOWN_RIVALRIES} of {len(rivalries)}: use --json to see all")


def standing_record(standing: Standing) -> dict[str, Any]:
    """Return the state of the knowledge as JSON."""
    counts = standing.counts
    return {
        "entries": counts.entries,
        "wordings": counts.wordings,
        "single_wording": counts.single,
        "small_talk": counts.talk,
        "retired": counts.retired,
        "expired": list(counts.expired),
        "foreign": counts.foreign,
        "revision": counts.revision,
        "encoder": standing.encoder,
        "not_yet_encoded": standing.waiting,
        "calibration": standing.calibration.as_record() if standing.calibration else None,
        "passages": {
            "waiting": standing.passages.waiting,
            "open": standing.passages.open,
            "calibration": standing.passages.calibration.as_record() if standing.passages.calibration else None,
        },
        "rivalries": [
            {
                "entry_id": one.entry.id,
                "wording_id": one.wording.id,
                "wording": one.wording.text,
                "other_entry_id": one.other.id,
                "other_wording_id": one.other_wording.id,
                "other_wording": one.other_wording.text,
                "similarity": round(one.similarity, 4),
                "sign": str(one.sign),
            }
            for one in standing.rivalries
        ],
        "advice": advice(standing),
    }
