"""The guard that keeps test traffic on this machine."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, cast

import pytest


def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every connect to another host an error in this process."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _check(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _check(address)
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)


def _check(address: Any) -> None:
    if not isinstance(address, tuple):
        return
    host = str(cast("tuple[object, ...]", address)[0])
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local:
        raise AssertionError(f"a test tried to connect to {host}")
