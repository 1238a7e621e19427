"""What aiworker.queue uses of hiredis; its own stub takes a command for a tuple of one."""

from collections.abc import Callable

class PushNotification(list[object]): ...

class Reader:
    def __init__(
        self,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        replyError: Callable[[str], Exception] = ...,
        notEnoughData: object = ...,
    ) -> None: ...
    def feed(self, buf: bytes) -> None: ...
    def gets(self) -> object: ...

def pack_command(cmd: tuple[str | bytes | int | float, ...]) -> bytes: ...
