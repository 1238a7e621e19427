"""Whom PostgreSQL may run as."""

from __future__ import annotations

import os
import pwd
import signal
import sys

import pytest

from aiworker.embedded import privileges
from aiworker.errors import ConfigurationError


def test_missing_capabilities_are_named() -> None:
    assert privileges.missing_capabilities("CapEff:\t000001ffffffffff\n") == []
    assert privileges.missing_capabilities("CapEff:\t00000000000000a1\n") == ["CAP_DAC_OVERRIDE", "CAP_SETGID"]
    assert len(privileges.missing_capabilities("")) == 5


def test_root_elsewhere_than_on_linux_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ConfigurationError, match="as root on this system"):
        privileges.server_identity()


def test_user_without_an_entry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(ConfigurationError, match="user id 54321 has none"):
        privileges.server_identity()


def test_no_death_signal_where_the_system_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert privileges.child_setup(None, signal.SIGTERM) is None
