"""``python -m tests.reference``: writes the reference pages."""

from tests.reference.pages import build_pages

if __name__ == "__main__":
    for path, text in build_pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
