"""Small real documents: a PDF written by hand, a Word document as Word packs it, a web server."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from io import BytesIO

from aiohttp import web
from pypdf import PdfReader, PdfWriter

Line = tuple[str, float, float]
"""Text, its size and its place above the foot of the page, in points."""

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"


def pdf(*pages: Sequence[Line], bold: Sequence[str] = ()) -> bytes:
    """Return a PDF of these lines; those in ``bold`` are written in Helvetica-Bold."""
    fonts = "<< /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    fonts += " /F2 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >> >>"
    numbers = [3 + 2 * at for at in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
    ]
    for number, lines in zip(numbers, pages, strict=True):
        drawn = "\n".join(
            f"BT /{'F2' if text in bold else 'F1'} {size} Tf 72 {place} Td ({text}) Tj ET"
            for text, size, place in lines
        )
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font {fonts} >>"
            f" /Contents {number + 1} 0 R >>"
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    written, places = "%PDF-1.4\n", []
    for at, each in enumerate(objects, start=1):
        places.append(len(written))
        written += f"{at} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n"
    return f"{written}{end}{len(written)}\n%%EOF\n".encode()


def encrypted(content: bytes, password: str) -> bytes:
    """Return a PDF that asks for a password; an empty one only keeps it from being changed."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(content)))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    packed = BytesIO()
    writer.write(packed)
    return packed.getvalue()


def docx(*paragraphs: tuple[str, str]) -> bytes:
    """Return a Word document.

    Args:
        paragraphs: the name of a style (``heading 1``; empty for text, ``bold`` for a bold line) and the text.
    """
    styles = sorted({style for style, _ in paragraphs if style not in {"", "bold"}})
    body = "".join(_paragraph(style, text) for style, text in paragraphs)
    named = "".join(
        f'<w:style w:type="paragraph" w:styleId="{_number(style)}"><w:name w:val="{style}"/></w:style>'
        for style in styles
    )
    xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument"'
        ' Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1"'
        f' Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "word/styles.xml": f'<w:styles xmlns:w="{_WORD}">{named}</w:styles>',
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
    }
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, xml + content)
    return packed.getvalue()


def _number(style: str) -> str:
    return style.title().replace(" ", "")


def _paragraph(style: str, text: str) -> str:
    look = "<w:rPr><w:b/></w:rPr>" if style == "bold" else ""
    named = f'<w:pPr><w:pStyle w:val="{_number(style)}"/></w:pPr>' if style not in {"", "bold"} else ""
    return f"<w:p>{named}<w:r>{look}<w:t>{text}</w:t></w:r></w:p>"


@asynccontextmanager
async def site(**pages: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """Serve pages by name on this machine; yields the address of the site."""
    app = web.Application()
    for name, page in pages.items():
        app.router.add_get(f"/{name}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        listening = web.TCPSite(runner, "127.0.0.1", 0)
        await listening.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
