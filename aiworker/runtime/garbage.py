"""Python's garbage collector around the start of a daemon, which makes 180,000 objects that stay.

Collecting while they are made takes a fifth of the start; a full collection over them later holds up the loop, and
so every job's lock, for 0.1 s.
"""

from __future__ import annotations

import gc


def pause() -> None:
    """Collect nothing until `resume`."""
    gc.disable()


def resume() -> None:
    """Collect again, and what is there by now never; does nothing unless paused."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
