"""Which columns fit into a width, and how wide each is: a pure function, so that it is tested without a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from incident.kernel.board import Column

GAP = 2
"""Cells between two columns."""
LEAST = 4
"""No column is squeezed below this."""


class Fitted(NamedTuple):
    """One column that is shown, and the cells it has."""

    column: Column
    width: int


def fit_columns(columns: Sequence[Column], width: int) -> tuple[Fitted, ...]:
    """The columns that fit, in their own order, filling the width when one of them may grow.

    The lower its priority number, the longer a column stays; of equals the one further left stays. The column
    that stays last is squeezed rather than dropped, so that a row is never without its name.
    """
    if not columns or width < 1:
        return ()
    kept: set[int] = set()
    used = -GAP
    for index, column in sorted(enumerate(columns), key=lambda item: item[1].priority):
        if used + GAP + column.width <= width:
            kept.add(index)
            used += GAP + column.width
        elif not kept:
            return (Fitted(column, max(min(LEAST, width), width)),)
        else:
            break  # a narrower one of less worth may not stand where a worthier one has gone
    chosen = [column for index, column in enumerate(columns) if index in kept]
    return _grown(chosen, width - used)


def _grown(chosen: Sequence[Column], spare: int) -> tuple[Fitted, ...]:
    """The spare cells go to the columns that grow, by their weight; the rounding goes to the last of them."""
    weight = sum(column.grow for column in chosen)
    fitted = []
    left = spare
    growers = [column for column in chosen if column.grow]
    for column in chosen:
        more = 0
        if column.grow:
            more = left if column is growers[-1] else spare * column.grow // weight
            left -= more
        fitted.append(Fitted(column, column.width + more))
    return tuple(fitted)
