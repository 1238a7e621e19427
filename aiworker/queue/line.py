"""One connection for all scripts of a worker, written to as soon as the server could be at work.

redis-py's pool takes a connection per command, which costs a worker more than the command. What is unanswered when the
connection breaks is sent again in order, as redis-py's own retry would: at least once, so an answer may be to the
second try.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol, cast

from hiredis import PushNotification, Reader, pack_command
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MasterDownError, NoScriptError, ReadOnlyError, RedisError, ResponseError

Argument = str | bytes | int | float
PACKET: Final = 4
"""So many commands leave together: one by one costs us a system call each, all at once lets the server idle."""
FIRST_WAIT: Final = 0.05
LONGEST_WAIT: Final = 2.0
READ_BYTES: Final = 64 * 1024
NOTHING: Final = object()
NOT_HERE: Final = (RedisConnectionError, MasterDownError, ReadOnlyError)
"""Still loading, or a replica since a failover: nothing was done, and it is another connection's to ask again."""


class Script(Protocol):
    """A script as BullMQ calls it; `client` is a pipeline."""

    sha: str
    script: str

    def __call__(
        self, keys: Sequence[str] | None = None, args: Sequence[Argument] | None = None, client: object = None
    ) -> Awaitable[object]: ...


class _Direct(AbstractConnection):
    """Writes at once and reads in bulk; redis-py's own ways look after time limits that we do not set."""

    __slots__ = ()

    def begin(self) -> Reader:
        """Return what reads the answers. From here on every write reaches the socket before it returns."""
        if self._writer is not None:
            # uvloop would collect them until its turn ends.
            self._writer.transport.set_write_buffer_limits(high=0)
        encoder = self.encoder
        return Reader(
            encoding=encoder.encoding,
            errors=encoder.encoding_errors,
            replyError=cast("_Parser", self._parser).parse_error,
            notEnoughData=NOTHING,
        )

    def write(self, packed: bytes) -> None:
        if self._writer is not None:
            self._writer.write(packed)

    async def read(self) -> bytes:
        """Wait for the server to say something."""
        said = await self._reader.read(READ_BYTES) if self._reader is not None else b""
        if not said:
            raise RedisConnectionError("The connection was closed by the server.")
        return said


class _Parser(Protocol):
    def parse_error(self, response: str) -> Exception: ...


class _Pool(Protocol):
    """What we use of redis-py's pool, which leaves its parameters untyped."""

    connection_class: type[AbstractConnection]

    async def get_connection(self) -> _Direct: ...
    async def release(self, connection: _Direct) -> None: ...


class _Call:
    __slots__ = ("answer", "args", "text")

    def __init__(self, args: tuple[Argument, ...], text: str | None, answer: asyncio.Future[object]) -> None:
        self.args = args
        self.text = text
        self.answer = answer


class Line:
    """Sends commands through one connection of a client's pool and hands their answers back in order.

    `on_break` hears of every connection lost while answers were outstanding.
    """

    def __init__(self, client: Redis, *, on_break: Callable[[Exception], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._pool = cast("_Pool", client.connection_pool)
        self._pool.connection_class = _direct(self._pool.connection_class)
        self._on_break = on_break
        self._unsent: deque[_Call] = deque()
        self._unanswered: deque[_Call] = deque()
        self._has_unsent = asyncio.Event()
        self._connection: _Direct | None = None
        self._carrier: asyncio.Task[None] | None = None
        self._session: asyncio.Task[None] | None = None
        self._is_flush_planned = False
        self._has_answered = False
        self._is_closed = False

    def carry(self, scripts: dict[str, Script]) -> None:
        """Put every script of the registry on this line."""
        for name, stock in scripts.items():
            scripts[name] = _CarriedScript(self, stock)

    def call(self, *args: Argument, text: str | None = None) -> asyncio.Future[object]:
        """Send a command; the answer raises what Redis refused it with. `text` is the script behind an EVALSHA."""
        answer: asyncio.Future[object] = self._loop.create_future()
        if self._is_closed:
            answer.set_exception(RedisConnectionError("The line is closed."))
        else:
            self._send(_Call(args, text, answer))
        return answer

    def cut(self) -> None:
        """Drop the connection; what is unanswered is sent again through a new one."""
        if self._session is not None:
            self._session.cancel()

    async def close(self) -> None:
        """Drop the connection and fail what is unanswered."""
        self._is_closed = True
        if self._carrier is not None:
            self._carrier.cancel()
            await asyncio.wait({self._carrier})
        self._fail(RedisConnectionError("The line was closed."))

    def _send(self, call: _Call) -> None:
        self._unsent.append(call)
        if self._connection is None:
            self._has_unsent.set()
            if self._carrier is None:
                self._carrier = asyncio.create_task(self._carry(), name="line")
        elif not self._unanswered or len(self._unsent) >= PACKET:
            self._flush()
        elif not self._is_flush_planned:
            self._is_flush_planned = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flush_planned = False
        if self._connection is None:
            return
        packed: list[bytes] = []
        while self._unsent:
            call = self._unsent.popleft()
            if call.answer.done():
                continue
            try:
                packed.append(pack_command(call.args))
            except (ValueError, TypeError) as error:
                call.answer.set_exception(error)
            else:
                self._unanswered.append(call)
        if packed:
            self._connection.write(b"".join(packed))

    async def _carry(self) -> None:
        wait = FIRST_WAIT
        while True:
            await self._has_unsent.wait()
            self._has_unsent.clear()
            self._has_answered = False
            error = await self._next_session()
            if self._unanswered:
                self._unsent.extendleft(reversed(self._unanswered))
                self._unanswered.clear()
                self._on_break(error)
            if self._unsent:
                self._has_unsent.set()
            wait = FIRST_WAIT if self._has_answered else min(wait * 2, LONGEST_WAIT)
            await asyncio.sleep(wait)

    async def _next_session(self) -> Exception:
        try:
            connection = await self._pool.get_connection()
        except (RedisError, OSError) as error:
            # redis-py has used up its tries, or the server refuses us: nothing is gained by holding on.
            self._fail(error)
            return error
        self._connection = connection
        self._session = asyncio.create_task(self._read(connection, connection.begin()))
        self._flush()
        try:
            await asyncio.wait({self._session})
            return _fault_of(self._session)
        finally:
            self._connection = None
            self._session.cancel()
            # Ended before the connection goes back: a cancelled read disconnects what it reads from.
            await asyncio.wait({self._session})
            with suppress(RedisError, OSError):
                await connection.disconnect(nowait=True)
            await self._pool.release(connection)

    async def _read(self, connection: _Direct, reader: Reader) -> None:
        while True:
            reader.feed(await connection.read())
            while (answer := reader.gets()) is not NOTHING:
                if not isinstance(answer, PushNotification):
                    self._take(answer)

    def _take(self, answer: object) -> None:
        if isinstance(answer, NOT_HERE):
            raise answer
        call = self._unanswered.popleft()
        self._has_answered = True
        if call.answer.done():
            return
        if isinstance(answer, NoScriptError) and call.text is not None:
            self._send(_Call(("EVAL", call.text, *call.args[2:]), None, call.answer))
        elif isinstance(answer, ResponseError):
            call.answer.set_exception(answer)
        else:
            call.answer.set_result(answer)

    def _fail(self, error: Exception) -> None:
        for call in (*self._unanswered, *self._unsent):
            if not call.answer.done():
                call.answer.set_exception(error)
        self._unanswered.clear()
        self._unsent.clear()


class _CarriedScript:
    """A script that takes the line, unless a pipeline is to carry it."""

    def __init__(self, line: Line, stock: Script) -> None:
        self._line = line
        self._stock = stock
        self.sha = stock.sha
        self.script = stock.script

    def __call__(
        self, keys: Sequence[str] | None = None, args: Sequence[Argument] | None = None, client: object = None
    ) -> Awaitable[object]:
        if client is not None:
            return self._stock(keys, args, client)
        keys = keys or ()
        return self._line.call("EVALSHA", self.sha, len(keys), *keys, *(args or ()), text=self.script)


def _direct(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    return kind if issubclass(kind, _Direct) else type("DirectConnection", (_Direct, kind), {})


def _fault_of(session: asyncio.Task[None]) -> Exception:
    error = None if session.cancelled() else session.exception()
    return error if isinstance(error, Exception) else RedisConnectionError("The connection was cut.")
