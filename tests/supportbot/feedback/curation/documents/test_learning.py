"""Learning from documents: what waits for a curator, and what changes when documents do."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import select

from supportbot.db.models import Passage
from supportbot.db.session import Database
from supportbot.db.states import EntrySource, ExampleSource, ExampleStatus, Split
from supportbot.errors import SupportBotError
from supportbot.feedback.curation.documents.learning import Learned, prepare
from supportbot.feedback.curation.documents.reading import read
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.knowledge.store import entries
from tests.supportbot.feedback.curation.documents import files
from tests.supportbot.feedback.curation.rows import stored

TEXT = "You have thirty days, and the item must be unused."
PAGE = f"# Returns\n\n## Refund status\n\n{TEXT}\n\n## Contact\n\nWrite to eve@shop.example, or come to us.\n"


async def learn(database: Database, *sources: Path | str, keep: tuple[str, ...] = ()) -> Learned:
    """Learn from all sources without asking."""
    return await (
        await prepare(database, [str(source) for source in sources], keep=keep, allow_private=True)
    ).write()


async def test_passages_wait_for_a_curator(database: Database, tmp_path: Path) -> None:
    """They are pending and redacted, belong to nobody, and an approved one is an entry of a document."""
    path = tmp_path / "help.md"
    path.write_text(PAGE, "utf-8")
    learned = await learn(database, path)
    assert (learned.documents, learned.sections, learned.passages, learned.new) == (1, 3, 2, 2)
    assert (learned.skipped, learned.redacted) == ({"empty": 1}, {"email": 1})
    rows = await stored(database)
    assert [(row.prompt, row.completion) for row in rows] == [
        ("Returns: refund status", TEXT),
        ("Returns: contact", "Write to [email], or come to us."),
    ]
    assert {(row.status, row.source, row.split, row.person, row.workspace_id) for row in rows} == {
        (ExampleStatus.PENDING, ExampleSource.IMPORT, Split.TRAIN, None, None)
    }
    await ExampleStore(database).decide([rows[0].id], Decision.APPROVE, curator="ada")
    async with database.read() as session:
        known = [each for each in await entries(session) if each.source is EntrySource.DOCUMENT]
    assert [(each.answer, each.approved_by) for each in known] == [(TEXT, "ada")]


async def test_learned_again(database: Database, tmp_path: Path) -> None:
    """What did not change changes nothing, not even what was rejected; a changed passage is proposed."""
    path = tmp_path / "help.md"
    path.write_text(PAGE, "utf-8")
    await learn(database, path)
    await ExampleStore(database).decide([(await stored(database))[0].id], Decision.REJECT, curator="ada")
    before = await stored(database)
    again = await learn(database, path)
    assert (again.known, again.new) == (2, 0)
    assert [(row.id, row.status) for row in await stored(database)] == [(row.id, row.status) for row in before]
    path.write_text(PAGE.replace("thirty", "forty"), "utf-8")
    again = await learn(database, path, path)
    assert (again.passages, again.known, again.new) == (2, 1, 1)


async def test_folder_of_all_kinds(database: Database, tmp_path: Path) -> None:
    """All known files in it, but for hidden ones; one that cannot be read is named and keeps nothing back."""
    (tmp_path / "deep" / ".git").mkdir(parents=True)
    (tmp_path / "deep" / ".git" / "note.txt").write_text(TEXT, "utf-8")
    (tmp_path / "picture.png").write_bytes(b"x")
    (tmp_path / "a.html").write_text(f"<h2>Refunds</h2><p>{TEXT}</p>", "utf-8")
    (tmp_path / "deep" / "b.docx").write_bytes(files.docx(("heading 1", "Repairs"), ("", TEXT)))
    (tmp_path / "c.pdf").write_bytes(files.pdf([("Exchange", 20.0, 700.0), (TEXT, 10.0, 660.0)]))
    (tmp_path / "d.pdf").write_bytes(b"broken")
    (tmp_path / "store-hours.txt").write_text(TEXT, "latin-1")
    learned = await learn(database, tmp_path)
    assert (learned.documents, learned.new) == (4, 4)
    assert [sentence.partition(" is ")[2][:7] for sentence in learned.unread] == ["damaged"]
    assert sorted(row.prompt for row in await stored(database)) == [
        "Exchange",
        "Refunds",
        "Repairs",
        "Store hours",
    ]


async def test_page_of_the_web(database: Database) -> None:
    """It is of the kind that the server says, or its name where the server does not know, in its own encoding."""
    html = f'<meta charset="iso-8859-1"><h2>Größe</h2><p>Bestellen Sie in Größe 40. {TEXT}</p>'

    async def page(request: web.Request) -> web.Response:
        return web.Response(body=html.encode("latin-1"), headers={"Content-Type": "text/html"})

    async def raw(request: web.Request) -> web.Response:
        return web.Response(body=PAGE.encode(), content_type="application/octet-stream")

    async def picture(request: web.Request) -> web.Response:
        return web.Response(body=b"x", content_type="image/png")

    async with files.site(**{"size": page, "help.md": raw, "logo": picture}) as address:
        learned = await learn(database, f"{address}/size?token=s3cret", f"{address}/help.md#top")
        assert (learned.documents, learned.new) == (2, 3)
        async with database.read() as session:
            shown = set(await session.scalars(select(Passage.document)))
        assert shown == {f"{address}/size", f"{address}/help.md"}  # what a quotation names tells no secret
        assert (await stored(database))[0].prompt == "Größe"
        with pytest.raises(SupportBotError, match="has an unknown format"):
            await learn(database, f"{address}/logo")


async def test_what_cannot_be_learned_from(database: Database, tmp_path: Path) -> None:
    """Each is one sentence, and nothing is written of the other sources."""
    (tmp_path / "good.md").write_text(PAGE, "utf-8")
    (tmp_path / "table.csv").write_text("a,b", "utf-8")
    (tmp_path / "blank.md").write_text(" \n", "utf-8")
    (tmp_path / "nothing.html").write_text("", "utf-8")
    (tmp_path / "heads.md").write_text("# Returns\n\nSoon.\n", "utf-8")
    (tmp_path / "empty").mkdir()
    for name, sentence in (
        ("missing.md", "there is no such file or folder"),
        ("table.csv", r"use Markdown \(.md\), HTML \(.html\), PDF \(.pdf\), Word \(.docx\) or text \(.txt\)"),
        ("blank.md", "has no text to learn from"),
        ("nothing.html", "is empty"),
        ("empty", "contains no documents"),
    ):
        with pytest.raises(SupportBotError, match=sentence):
            await learn(database, tmp_path / "good.md", tmp_path / name)
    with pytest.raises(SupportBotError, match=r"'heads\.md' has no passages to propose"):
        await learn(database, tmp_path / "heads.md")
    assert await stored(database) == []


async def test_packed_file_and_old_encoding(tmp_path: Path) -> None:
    """A text of a Windows code page is read as it was meant."""
    path = tmp_path / "hilfe.txt"
    path.write_bytes(
        f"Rückgabe\n\nSie können alles zurückgeben, außer Bücher.\n\nGröße\n\n{TEXT}\n".encode("cp1252")
    )
    (document,) = (await read(str(path))).documents
    assert [section.title for section in document.sections] == ["", "Rückgabe", "Größe"]
