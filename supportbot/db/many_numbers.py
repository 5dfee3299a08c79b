"""The condition that a number is one of very many, which are one parameter of the statement.

``in_`` writes a parameter for each. For a thousand of them, making and reading that text took longer than looking
the rows up.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute


def is_one_of(
    number: InstrumentedAttribute[int], numbers: Collection[int], *, is_sqlite: bool
) -> ColumnElement[bool]:
    """Return the condition.

    Args:
        number: a column.
        numbers: any number of them, none as well.
        is_sqlite: which of the two databases is asked.
    """
    if is_sqlite:
        return number.in_(select(func.json_each(json.dumps(list(numbers))).table_valued("value").c.value))
    return number == any_(bindparam(None, list(numbers), ARRAY(BigInteger), unique=True))
