"""Who may be given what: the rule of ``Viewer`` over all wordings at once.

This module knows no texts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from supportbot.knowledge.entries import KnownEntry, Viewer, Wording

_ANYWHERE = -1  # stands for no workspace; those of the database are numbered from 1


class Visibility:
    """What counts for whom.

    Args:
        entries: that can be given.
        wordings: of all of them, in their order.
        owners: the place of each wording's entry, ``[wordings]``.
    """

    def __init__(
        self, entries: Sequence[KnownEntry], wordings: Sequence[Wording], owners: NDArray[np.intp]
    ) -> None:
        self._owners = owners
        self._ids = np.array([entry.id for entry in entries], np.int64)
        self._until = np.array(
            [entry.valid_until.timestamp() if entry.valid_until else np.inf for entry in entries], np.float64
        )
        self._scopes = _workspaces(entries)
        self._origins = _workspaces(wordings)
        self._is_open = bool(
            np.isinf(self._until).all()
            and (self._scopes == _ANYWHERE).all()
            and (self._origins == _ANYWHERE).all()
        )

    def heard(self, viewer: Viewer) -> NDArray[np.bool_] | None:
        """Return which wordings count for somebody, ``[wordings]``; None for all."""
        if self._is_open and not viewer.gone:
            return None
        given: NDArray[np.bool_] = self._until > viewer.now.timestamp()
        if viewer.gone:
            given &= ~np.isin(self._ids, list(viewer.gone))
        if (here := viewer.workspace_id) is None:
            return given[self._owners]
        given &= (self._scopes == _ANYWHERE) | (self._scopes == here)
        return given[self._owners] & np.isin(self._origins, [*viewer.consenting, here, _ANYWHERE])


def _workspaces(records: Sequence[KnownEntry] | Sequence[Wording]) -> NDArray[np.int64]:
    return np.array([_ANYWHERE if one.workspace_id is None else one.workspace_id for one in records], np.int64)
