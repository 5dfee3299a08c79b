"""Files that curators bring: taken in pieces, looked through, written in their name, and gone afterwards."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from supportbot.config import Settings
from supportbot.db import audit
from supportbot.db.models import Example
from supportbot.db.session import Database
from supportbot.db.states import ExampleStatus
from supportbot.errors import SupportBotError
from supportbot.feedback.curation.imports import Keep
from supportbot.feedback.curation.reading import UnknownColumnsError
from supportbot.knowledge.searching import Wanted
from supportbot.teaching.bringing import Bringing
from supportbot.teaching.shelf import Shelf
from supportbot.teaching.uploads import MOST_BYTES, Upload, UploadError

FAQ = b"question,answer\nHow long?,Three days.\nHow long is it?,Three days.\nhow long,Five days.\n"


@pytest.fixture
def upload() -> Iterator[Upload]:
    """A file whose name would like to be elsewhere."""
    upload = Upload("../../etc/faq.csv")
    yield upload
    upload.close()
    assert not upload.path.parent.exists()


@pytest.fixture
def bringing(database: Database, tmp_path: Path) -> Bringing:
    """What takes files in."""
    return Bringing(database, Settings(home=tmp_path))


def test_a_file_is_taken_in_order_and_up_to_a_size(upload: Upload) -> None:
    """What is missing or too much is refused, and its folder is the process's alone."""
    assert upload.path.name == "faq.csv"
    assert upload.path.parent.stat().st_mode & 0o077 == 0
    upload.append(b"abc", 0)
    with pytest.raises(UploadError, match="The upload is incomplete"):
        upload.append(b"ghi", 6)
    upload.append(b"def", 3)
    assert upload.path.read_bytes() == b"abcdef"
    upload.size = MOST_BYTES  # as if so much had come
    with pytest.raises(UploadError, match="larger than 20 MB"):
        upload.append(b"g", MOST_BYTES)


@pytest.mark.parametrize("name", ["", "..", "a/", "\0", "x" * 400 + ".csv"])
def test_any_name_becomes_one_that_a_file_can_have(name: str) -> None:
    """Nothing of it leads elsewhere, and its ending stays."""
    upload = Upload(name)
    try:
        assert upload.path.parent == upload.path.resolve().parent
        assert upload.path.is_file()
        assert upload.path.suffix == (".csv" if name.endswith(".csv") else "")
    finally:
        upload.close()


def test_what_unpacks_into_very_much_is_refused(upload: Upload) -> None:
    """A packed file, by its content and whatever its name, and a workbook of 1 GB of blanks."""
    upload.append(gzip.compress(FAQ), 0)
    with pytest.raises(UploadError, match="compressed with gzip"):
        upload.check()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(5):
            packed.writestr(f"{number}.xml", b" " * (50 * 2**20))
    upload.path.write_bytes(bomb.getvalue())
    assert len(bomb.getvalue()) < 2**20
    with pytest.raises(UploadError, match="more than 200 MB"):
        upload.check()


async def test_a_file_is_shown_and_then_written_by_its_curator(
    database: Database, bringing: Bringing, upload: Upload
) -> None:
    """Contradictions are named with both places; what stays is said, and then it is live or waits."""
    upload.append(FAQ, 0)
    steps: list[str] = []

    def told(what: str, done: int, total: int | None) -> None:
        steps.append(what)

    common = {"by": "Ana Lopez", "columns": {}, "told": told}
    async with bringing.table(upload, approve=True, prefer=None, **common) as prepared:  # type: ignore[arg-type]
        [found] = prepared.found.named
        assert (found.line, found.answer, found.other_line, found.other) == (2, "Three days.", 4, "Five days.")
        assert not prepared.is_settled
    async with bringing.table(upload, approve=True, prefer=Keep.NEWEST, **common) as prepared:  # type: ignore[arg-type]
        assert prepared.is_settled
        imported = await prepared.write(told)
    assert (imported.new, imported.approved) == (2, 2)
    assert {"Comparing", "Importing"} <= set(steps)
    page = await Shelf(database).page(Wanted(search="long"))
    assert {(entry.answer, entry.approved_by) for entry in page.entries} == {
        ("Three days.", "Ana Lopez"),
        ("Five days.", "Ana Lopez"),
    }
    upload.path.write_bytes(b"question,answer\nHow far?,Ten miles.\n")
    async with bringing.table(upload, approve=False, prefer=None, **common) as prepared:  # type: ignore[arg-type]
        await prepared.write(told)
    [deed] = await audit.recent(database, 1)
    assert (deed.actor, deed.action, deed.subject) == ("Ana Lopez", "example.import", "file:faq.csv")


async def test_errors_call_a_file_by_its_name(bringing: Bringing, upload: Upload) -> None:
    """Where it lies for the moment is nobody's business."""
    upload.append(b"colour,shape\nred,round\n", 0)
    with pytest.raises(UnknownColumnsError) as refused:
        async with bringing.table(
            upload, by="ada", approve=True, columns={}, prefer=None, told=lambda what, done, total: None
        ):
            pass
    assert "'faq.csv'" in str(refused.value)
    assert refused.value.names == ("colour", "shape")
    assert str(upload.path.parent) not in str(refused.value)
    with pytest.raises(SupportBotError, match="is not an address"):
        await bringing.page("/etc/passwd")
    with pytest.raises(SupportBotError, match="private"):
        await bringing.page("http://127.0.0.1:1/")


async def test_a_document_is_proposed_by_its_curator(database: Database, bringing: Bringing) -> None:
    """Its passages wait, under the document's own name."""
    upload = Upload("handbook.md")
    upload.append(b"# Returns\n\nYou can return everything within thirty days of its arrival.\n", 0)
    prepared = await bringing.document(upload)
    upload.close()
    assert (prepared.found.first, prepared.found.passages) == ("handbook.md", 1)
    assert (await prepared.write("Ana Lopez")).new == 1
    async with database.read() as session:
        rows = list(await session.scalars(select(Example)))
    assert [(row.prompt, row.status) for row in rows] == [("Returns", ExampleStatus.PENDING)]
    [deed] = await audit.recent(database, 1)
    assert (deed.actor, deed.subject) == ("Ana Lopez", "document:handbook.md")
