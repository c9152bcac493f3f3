"""The worker processes of a server: started by exec, lent to sessions, replaced when they die."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from gymbridge.errors import RequestError
from gymbridge.memory import segment
from gymbridge.security import TOKEN_VARIABLE
from gymbridge.v1 import environment_pb2_grpc

_READY_SECONDS = 60.0
_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def log(message: str) -> None:
    """One line on stderr."""
    print(f"gymbridge: {message}", file=sys.stderr, flush=True)


class WorkerProcess:
    """One worker as its supervisor sees it. `stub` calls it once `wait_ready` has returned."""

    def __init__(
        self, config: dict[str, Any], on_event: Callable[[WorkerProcess, dict[str, Any] | None], None]
    ) -> None:
        environment = dict(os.environ)
        # What the environments do in there is not for us to know.
        environment.pop(TOKEN_VARIABLE, None)
        for name in _THREAD_LIMITS:
            environment.setdefault(name, "1")
        self.secret = secrets.token_urlsafe(24)
        self.address = ""
        self.stub: Any = None
        self.ready = threading.Event()
        self.stopping = False
        self.doomed = False
        # Set by each sign of life.
        self.was_heard = False
        self._why = ""
        self._channel: grpc.Channel | None = None
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gymbridge.env.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            # The terminal's Ctrl-C reaches the supervisor only, which then ends its workers.
            start_new_session=True,
        )
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(json.dumps({**config, "secret": self.secret}).encode() + b"\n")
            self.process.stdin.flush()
        arguments = (config["control"], on_event)
        threading.Thread(target=self._listen, args=arguments, name="worker events", daemon=True).start()

    def _listen(self, control: str, on_event: Callable[[WorkerProcess, dict[str, Any] | None], None]) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = json.loads(line)
            self.was_heard = True
            if event["event"] == "ready":
                self.address = event["address"]
                options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
                options.append(("grpc.enable_http_proxy", 0))
                self._channel = grpc.insecure_channel(control, options=options)
                self.stub = environment_pb2_grpc.EnvironmentServiceStub(self._channel)
                self.ready.set()
            elif event["event"] == "released":
                on_event(self, event)
        self.process.wait()
        if self._channel is not None:
            self._channel.close()
        with contextlib.suppress(OSError):
            os.unlink(control.removeprefix("unix:"))
        self.ready.set()
        segment.remove_of(self.process.pid)
        on_event(self, None)

    def wait_ready(self) -> bool:
        """Blocks until the worker serves; False where it died or takes too long."""
        return self.ready.wait(_READY_SECONDS) and self.stub is not None and self.process.poll() is None

    def stop(self) -> None:
        """Asks the process to end, by the end of its stdin."""
        self.stopping = True
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def kill(self, why: str = "") -> None:
        """Ends the process at once, for a reason that `describe_end` gives."""
        self._why = why
        self.doomed = True
        self.process.kill()

    def describe_end(self) -> str:
        """For logs: how the process ended."""
        if self._why:
            return self._why
        code = self.process.returncode
        return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


class WorkerPool:
    """Keeps `warm` processes, lends up to `limit`. Thread-safe.

    `on_released` is called with the worker and token when a shard's lanes were closed, `on_died` with the worker.
    """

    def __init__(
        self,
        config: Callable[[], dict[str, Any]],
        warm: int,
        limit: int,
        on_released: Callable[[WorkerProcess, str], None],
        on_died: Callable[[WorkerProcess], None],
    ) -> None:
        self._config = config
        self._warm = warm
        self._limit = limit
        self._on_released = on_released
        self._on_died = on_died
        self._lock = threading.Lock()
        self._all: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._stopped = False
        # On Linux a worker dies with the thread that started it: one thread, which lasts, starts them all.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="worker starter")
        for worker in self._start(warm):
            self._idle.append(worker)

    def _start(self, count: int) -> list[WorkerProcess]:
        def start() -> WorkerProcess:
            worker = WorkerProcess(self._config(), self._on_event)
            with self._lock:
                self._all.add(worker)
                stopped = self._stopped
            if stopped:
                worker.kill()
            return worker

        try:
            started = [self._starter.submit(start) for _ in range(count)]
        except RuntimeError as error:
            raise RequestError(grpc.StatusCode.UNAVAILABLE, "the server is ending") from error
        return [future.result() for future in started]

    def lend(self, count: int) -> list[WorkerProcess]:
        """That many workers, ready. RESOURCE_EXHAUSTED beyond the limit, UNAVAILABLE where one does not start."""
        with self._lock:
            taken = [self._idle.pop() for _ in range(min(count, len(self._idle)))]
            missing = count - len(taken)
            if missing and len(self._all) + missing > self._limit:
                self._idle.extend(taken)
                raise RequestError(
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                    f"all {self._limit} worker processes are in use; close a session or raise --max-sessions",
                )
        taken += self._start(missing)
        for worker in taken:
            if not worker.wait_ready():
                for other in taken:
                    self.give_back(other) if other is not worker else other.kill()
                raise RequestError(grpc.StatusCode.UNAVAILABLE, "a worker process did not start; see the server's log")
        return taken

    @property
    def stopped(self) -> bool:
        """Whether the server ends."""
        return self._stopped

    def give_back(self, worker: WorkerProcess) -> None:
        """Takes back a worker without a session; ends it where enough are idle."""
        with self._lock:
            if worker not in self._all or worker in self._idle or worker.doomed:
                return
            if len(self._idle) < self._warm and not self._stopped:
                self._idle.append(worker)
                return
        worker.stop()

    def _on_event(self, worker: WorkerProcess, event: dict[str, Any] | None) -> None:
        if event is not None:
            self._on_released(worker, event["token"])
            return
        with self._lock:
            self._all.discard(worker)
            if worker in self._idle:
                self._idle.remove(worker)
            wanted = not self._stopped and not worker.stopping
            replace = wanted and worker.stub is not None and len(self._all) < self._warm
        if wanted and not worker.doomed:
            log(f"worker {worker.process.pid} ended unexpectedly ({worker.describe_end()})")
        self._on_died(worker)
        if replace:
            with contextlib.suppress(RequestError):
                for fresh in self._start(1):
                    self.give_back(fresh)

    def stop(self, seconds: float) -> None:
        """Ends all processes, by force after that many seconds."""
        with self._lock:
            self._stopped = True
            workers = list(self._all)
        self._starter.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.stop()
        for worker in workers:
            try:
                worker.process.wait(seconds)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.process.wait(1)
