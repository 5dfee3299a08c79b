"""Many alternatives of a regular expression as one tree, in which those that begin alike are tried once."""

from __future__ import annotations

from collections.abc import Iterable

_Tree = dict[str, "_Tree"]


def any_of(alternatives: Iterable[Iterable[str]]) -> str:
    """Return a regular expression that matches the longest of the alternatives.

    Args:
        alternatives: each as its pieces, which are regular expressions themselves; at least one.
    """
    tree: _Tree = {}
    for pieces in alternatives:
        node = tree
        for piece in pieces:
            node = node.setdefault(piece, {})
        node[""] = {}
    return _expression(tree)


def _expression(tree: _Tree) -> str:
    # The end of an alternative comes last, so that "password" is not read as "pass".
    parts = [piece + (_expression(rest) if rest else "") for piece, rest in sorted(tree.items(), reverse=True)]
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"
