"""The pages of documentation, for tests that hold them true."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    """Return the text of `docs/NAME.md`."""
    return (DOCS / f"{name}.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return a page's blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def table(text: str, heading: str) -> list[list[str]]:
    """Return the rows of the first table under a heading, cell by cell; the page itself may be the heading."""
    lines = text[text.index(heading) :].splitlines()
    start = next(number for number, line in enumerate(lines) if re.fullmatch(r"\|[-|]+\|", line))
    rows: list[list[str]] = []
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows
