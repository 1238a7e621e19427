"""OpenAI and Anthropic as their SDKs see them: one ASGI app, scripted, on a virtual clock."""

from aiworker.testing.llm.app import FakeProviders
from aiworker.testing.llm.clock import VirtualClock
from aiworker.testing.llm.wire import Seen

__all__ = ["FakeProviders", "Seen", "VirtualClock"]
