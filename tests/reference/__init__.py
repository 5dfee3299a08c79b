"""The reference pages: settings, commands, metrics and HTTP, written from the code that they describe.

``python -m tests.reference`` writes ``docs/reference/*.md``; ``tests/test_docs.py`` compares them with the code.
"""
