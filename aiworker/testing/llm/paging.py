"""Lists in pages, as each provider cuts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiworker.testing.llm.wire import JsonObject, Query

Show = Callable[[str], JsonObject]
PAGE = 20


def anthropic_page(ids: Sequence[str], query: Query, show: Show) -> JsonObject:
    """Return the page after `after_id` or before `before_id`."""
    limit = _limit(query)
    after, before = (query.get(name, ("",))[0] for name in ("after_id", "before_id"))
    if before in ids:
        end = ids.index(before)
        chosen, more = ids[max(end - limit, 0) : end], end > limit
    else:
        begin = ids.index(after) + 1 if after in ids else 0
        chosen, more = ids[begin : begin + limit], len(ids) > begin + limit
    return {
        "data": [show(one) for one in chosen],
        "has_more": more,
        "first_id": chosen[0] if chosen else None,
        "last_id": chosen[-1] if chosen else None,
    }


def openai_page(ids: Sequence[str], query: Query, show: Show) -> JsonObject:
    """Return the page after `after`."""
    limit = _limit(query)
    after = query.get("after", ("",))[0]
    begin = ids.index(after) + 1 if after in ids else 0
    chosen = ids[begin : begin + limit]
    return {
        "object": "list",
        "data": [show(one) for one in chosen],
        "has_more": len(ids) > begin + limit,
        "first_id": chosen[0] if chosen else None,
        "last_id": chosen[-1] if chosen else None,
    }


def _limit(query: Query) -> int:
    given = query.get("limit", ("",))[0]
    return int(given) if given.isdigit() else PAGE
