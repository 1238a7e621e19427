"""Whose resume a document is, wherever the tool that made it keeps that."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

OWNERS = ("basics", "profile", "personalInfo")


class Owner(NamedTuple):
    """What names a person and what reaches one."""

    name: str
    email: str
    phone: str


def owner(body: str) -> Owner:
    """Return whose resume it is; resume-lm keeps that at the top, in two names."""
    document: dict[str, Any] = json.loads(body)
    person = next((document[key] for key in OWNERS if key in document), None)
    if person is None:
        name = f"{document['first_name']} {document['last_name']}"
        return Owner(name, document["email"], document["phone_number"])
    return Owner(person["name"], person["email"], person["phone"])
