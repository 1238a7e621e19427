from collections.abc import Awaitable, Callable

class Timer:
    def __init__(
        self, interval: float, callback: Callable[[], Awaitable[None]], emit_callback: Callable[..., None]
    ) -> None: ...
    def stop(self) -> None: ...
