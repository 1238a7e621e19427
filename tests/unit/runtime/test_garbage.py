"""The collector rests during a start, and leaves alone afterwards what the start made."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from aiworker.runtime import garbage


@pytest.fixture(autouse=True)
def own_collector() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


class Ring:
    """Only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_made_while_it_is_paused_is_never_collected_and_what_comes_later_is() -> None:
    garbage.pause()
    assert not gc.isenabled()
    made = weakref.ref(Ring())
    garbage.resume()
    assert gc.isenabled()
    later = weakref.ref(Ring())
    gc.collect()
    assert (made() is not None, later()) == (True, None)


def test_resuming_once_more_leaves_alone_nothing_further() -> None:
    garbage.pause()
    garbage.resume()
    frozen = gc.get_freeze_count()
    later = weakref.ref(Ring())
    garbage.resume()
    gc.collect()
    assert (gc.get_freeze_count() <= frozen, later()) == (True, None)
