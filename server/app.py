"""The composition root: one process, one data folder, one listener, and everything that runs beside it.

However it ends, nothing unsaid was promised: a graceful stop finishes what was taken on and asks the rooms to
come back; a failed store answers nothing more and ends the process at once with code 3.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, Final

import msgspec

from incident.catalogue import Charter
from incident.state import MODELS
from server import logs, open_files, words_tls
from server.admin import AdminDoor, AdminError, Answer, Operation
from server.admission import Admission
from server.authority import Authority
from server.by_provider import ByProvider
from server.conductor import BACK_SECONDS, Conductor
from server.datafolder import DataFolder, secret_of
from server.directory import EVERY_SECONDS
from server.door import Door
from server.doorkeeper import keep_sweeping
from server.exercise import open_exercise
from server.gateway import Gateway
from server.glass import record_glass
from server.health import HealthDoor, Watch, trouble
from server.hub import Hub
from server.oidc import read_provider
from server.operations import bring_in
from server.people import OPERATIONS as PEOPLE
from server.people import People
from server.probe import Probe
from server.pulse import Pulse
from server.settings import Settings
from server.store import Store, StoreError

OK: Final = 0
STORE_FAILED: Final = 3
LAST_WORDS_SECONDS: Final = 0.3
"""After a failed commit: time for the read-only heartbeats to leave."""

WATCH_SECONDS: Final = 1.0
"""How often a running server looks whether it can still write."""

EXPECTED_SECONDS: Final = 45.0
"""A server that stops when everybody has left waits this long for the first, and for whoever got a token."""


class Crew:
    """Whatever the server has set going, in one group: nothing is forgotten, and all of it ends."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this beside the rest. A slip in it is logged and ends nothing else."""
        try:
            task = self._group.create_task(self._guarded(work))
        except RuntimeError:  # the group is closing: too late for new work
            work.close()
            return
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 -- what is set going here has nobody else to tell
            logs.fault("work failed", error)

    def dismiss(self) -> None:
        """End everything that is still going."""
        for task in tuple(self._running):
            task.cancel()


class App:
    """One running server. ``ready`` is called with the port once it listens."""

    def __init__(self, folder: DataFolder, settings: Settings, charter: Charter, store: Store) -> None:
        self.folder = folder
        self.settings = settings
        self.charter = charter
        self.store = store
        self.authority: Authority | None = None
        """Of the certificates; None on an open line."""
        self.port = 0
        self._stop = asyncio.Event()
        self._failed = asyncio.Event()
        self._expected_until = 0.0
        self._pulse = Pulse()
        self._probe = Probe(folder.probe, store.room)
        self._hub: Hub
        self._crew: Crew
        self._people: People

    def stop(self) -> None:
        """Stop in order, soon."""
        self._stop.set()

    async def run(self, ready: Callable[[int], None], *, stop_when_empty: float | None = None) -> int:
        """Serve until told to stop; answers the exit code.

        Raises:
            OSError: the address cannot be listened on.
            StoreError: the log cannot be read by this version.
            IdentityError: the file of tokens cannot be read.
            ConfigError: the certificate cannot be shown, or oidc.yaml is not as it should be.
        """
        self._read_people()
        secret = secret_of(self.folder)
        in_the_way: OSError | StoreError | None = None
        async with asyncio.TaskGroup() as group:
            self._crew = Crew(group)
            self._hub = Hub(
                self.store,
                MODELS,
                self.charter,
                self._crew.spawn,
                fail=lambda _error: self._failed.set(),
                secret=secret,
            )
            gateway = self._gateway()
            door = AdminDoor(self.folder.admin, self._operations())
            health = HealthDoor(self._hub, self._pulse, self._probe, self.folder)
            try:
                self._hub.load()
                await self._listen(gateway, door, health)
                self._set_going(stop_when_empty)
                with stopped_by_signals(self.stop):
                    ready(self.port)
                    await self._end()
                if not self._failed.is_set():
                    await gateway.stop()
            except (OSError, StoreError) as error:
                in_the_way = error  # raised below, since a group would wrap it
            finally:
                self._probe.stop()
                health.close()
                door.close()
                self._people.close()
                self._crew.dismiss()
        if in_the_way is not None:
            raise in_the_way
        logs.note("stopped", failed=self._failed.is_set())
        return STORE_FAILED if self._failed.is_set() else OK

    def _read_people(self) -> None:
        """Who may come in, and how they are known. Raises IdentityError, ConfigError."""
        if self.settings.tls:
            self.authority = Authority(self.folder, self.settings, logs.clock())
        self._people = People(self.folder, self.charter, issuer=self.authority)
        # Looked at before anything listens: what is wrong with it is said now, with its lines.
        read_provider(self.folder.provider, self.charter.agencies, self._people.roles())

    async def _listen(self, gateway: Gateway, door: AdminDoor, health: HealthDoor) -> None:
        """Open what is to be open. Raises OSError."""
        if self.settings.metrics_port:
            await health.open(self.settings.metrics_port)
        context = None if self.authority is None else self.authority.context()
        self.port = await gateway.open(self.settings.host, self.settings.port, context)
        self._people.url = self.settings.url(self.port)
        await door.open()
        open_files.make_room(self.settings.limits)
        logs.note("listening", port=self.port, mode=self.settings.mode, streams=len(self._hub.sequencers))
        if self.authority is None:
            logs.warn("plain", why=words_tls.PLAIN)

    def _gateway(self) -> Gateway:
        return Gateway(
            self._hub,
            self._people,
            name=self.settings.name,
            charter=msgspec.json.encode(self.charter),
            door=self._door(),
            certificate_until=lambda: 0 if self.authority is None else self.authority.until_ms,
            limits=self.settings.limits,
        )

    def _door(self) -> Door:
        async def glass(*told: Any) -> None:
            await record_glass(self._hub, *told)

        settings = self.settings
        admission = Admission(self._people, name=settings.name, mode=settings.mode, glass=glass)
        provider = ByProvider(self._people, self.folder.provider, fresh=admission.fresh_certificate)
        return Door(self._people, admission, provider=provider)

    def _set_going(self, stop_when_empty: float | None) -> None:
        self._crew.spawn(keep_sweeping(self._hub, self._people))
        self._crew.spawn(self._hub.beat())
        self._crew.spawn(self._pulse.run())
        self._probe.start()
        self._crew.spawn(self._keep_watch())
        self._crew.spawn(self._hub.keep_lists(EVERY_SECONDS))
        self._crew.spawn(self._hub.keep_sight())
        self._crew.spawn(Conductor(self._hub, back_seconds=BACK_SECONDS).run())
        if self.authority is not None:
            self._crew.spawn(self._keep_certificate(self.authority))
        if stop_when_empty is not None:
            self._crew.spawn(self._stop_when_empty(stop_when_empty))

    async def _keep_watch(self) -> None:
        """Tell once when the disk takes nothing more, and once when it does, for ever."""
        watch = Watch()
        while True:
            with logs.guarded("watch failed"):
                watch.look(self._trouble())
            await asyncio.sleep(WATCH_SECONDS)

    def _trouble(self) -> list[str]:
        return trouble(self._hub, self._pulse, self._probe)

    async def _keep_certificate(self, authority: Authority) -> None:
        while True:
            with logs.guarded("certificate check failed"):
                await asyncio.to_thread(words_tls.look_after, authority)
            await asyncio.sleep(words_tls.CHECK_SECONDS)

    async def _end(self) -> None:
        """Wait for the order to stop, or for the store to fail."""
        waits = [asyncio.create_task(event.wait()) for event in (self._stop, self._failed)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._failed.is_set():
            await asyncio.sleep(LAST_WORDS_SECONDS)

    async def _stop_when_empty(self, seconds: float) -> None:
        """Stop when nobody has been here for a while; observers are not somebody."""
        clock = asyncio.get_running_loop().time
        self._expect_somebody()
        left = clock()
        while clock() < max(left + seconds, self._expected_until):
            await asyncio.sleep(min(0.5, seconds / 4))
            if self._hub.people():
                left, self._expected_until = clock(), 0.0
        logs.note("nobody is left")
        self.stop()

    def _expect_somebody(self) -> None:
        """Somebody is about to come: give them time before the server is taken for empty."""
        self._expected_until = asyncio.get_running_loop().time() + EXPECTED_SECONDS

    # -- through the admin door -----------------------------------------------------------------------------

    def _operations(self) -> dict[str, Any]:
        return {
            "status": self._status,
            "doctor": self._doctor,
            "stop": self._stop_asked,
            **{do: self._of_people(made(self._people)) for do, made in PEOPLE.items()},
            "import": self._import,
            "exercise": self._exercise,
            "renew": self._renew,
        }

    async def _status(self, _asked: Mapping[str, Any]) -> Answer:
        return {
            "url": self.settings.url(self.port),
            **words_tls.of_running(self.authority),
            "mode": self.settings.mode,
            "name": self.settings.name,
            "epoch": self.store.epoch,
            "streams": len(self._hub.sequencers),
            "people": self._hub.people(),
            "stopping": self._stop.is_set() or self._hub.stopping,
            "read_only": self._hub.read_only,
            "trouble": self._trouble(),
        }

    async def _doctor(self, _asked: Mapping[str, Any]) -> Answer:
        journal_mode, synchronous = self.store.durability
        return {
            "url": self.settings.url(self.port),
            **words_tls.of_running(self.authority),
            "trouble": self._trouble(),
            "journal_mode": journal_mode,
            "synchronous": synchronous,
            "metrics_port": self.settings.metrics_port,
            "clock_steps": self._pulse.steps,
            "last_step": self._pulse.last_step,
            "areas": self.charter.areas_digest,
        }

    async def _stop_asked(self, _asked: Mapping[str, Any]) -> Answer:
        self.stop()
        return {}

    def _of_people(self, operation: Operation) -> Operation:
        async def done(asked: Mapping[str, Any]) -> Answer:
            self._expect_somebody()
            return await operation(asked)

        return done

    async def _renew(self, _asked: Mapping[str, Any]) -> Answer:
        if self.authority is None:
            raise AdminError(words_tls.NO_TLS)
        return await asyncio.to_thread(words_tls.renewed, self.authority)

    async def _import(self, asked: Mapping[str, Any]) -> Answer:
        return await bring_in(self._hub, self.charter, asked)

    async def _exercise(self, asked: Mapping[str, Any]) -> Answer:
        return await open_exercise(self._hub, self.charter, asked)


WORKS: Final = {"import": bring_in, "exercise": open_exercise}
"""What can be done with a data folder without a server, too."""


async def without_server(
    charter: Charter, store: Store, do: str, asked: Mapping[str, Any], secret: bytes = b""
) -> Answer:
    """One of WORKS while no server runs: the same path, in a hub that nobody watches."""
    answer: Answer = {}
    problem: AdminError | StoreError | None = None
    async with asyncio.TaskGroup() as group:
        crew = Crew(group)
        hub = Hub(store, MODELS, charter, crew.spawn, secret=secret)
        try:
            hub.load()
            answer = await WORKS[do](hub, charter, asked)
        except (AdminError, StoreError) as error:
            problem = error  # raised below, since a group would wrap it
        finally:
            crew.dismiss()
            await store.close()
    if problem is not None:
        raise problem
    return answer


@contextlib.contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C, and SIGTERM where the system has it, stop in order."""
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():  # Python hears of signals in that one alone
        yield
        return
    before: list[tuple[signal.Signals, Any]] = []
    if sys.platform == "win32":  # asyncio has no signals there
        for one in (signal.SIGINT, signal.SIGBREAK):
            before.append((one, signal.signal(one, lambda *_: loop.call_soon_threadsafe(stop))))
    else:
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, stop)
    try:
        yield
    finally:
        for one, handler in before:  # None was not Python's own, and cannot be given back
            signal.signal(one, signal.SIG_DFL if handler is None else handler)
        if sys.platform != "win32":
            for one in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(one)


async def close_store(store: Store) -> None:
    """Let the store go, within a bound: a disk that hangs must not keep the process."""
    with contextlib.suppress(TimeoutError, StoreError):
        async with asyncio.timeout(LAST_WORDS_SECONDS if store.read_only else 5.0):
            await store.close()
