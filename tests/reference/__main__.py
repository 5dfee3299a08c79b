"""``python -m tests.reference``: writes the reference pages."""

from tests.reference.pages import FOLDER, PAGES, build_page, path_of

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in PAGES:
        path_of(name).write_text(build_page(name), "utf-8")
