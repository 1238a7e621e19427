"""What PostgreSQL's text can hold."""


def storable(text: str) -> str:
    """Drop NUL and lone surrogates, which no database text can hold."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")
