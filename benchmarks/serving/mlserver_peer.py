"""MLServer as a process of its own, without worker processes, which would cost a small model more than they bring."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tritonclient.grpc as triton
from serving_systems import NAME, Cell
from systems import System

_START_SECONDS = 90


class MLServer(System):
    """Serves the network at the cell's address from its opening to its closing; is asked by others."""

    num_envs = 1

    def __init__(self, cell: Cell) -> None:
        folder = Path(tempfile.mkdtemp(prefix="mlserver"))
        host, _, port = cell.address.rpartition(":")
        settings = {
            "host": host,
            "grpc_port": int(port),
            "http_port": _free_port(host),
            "metrics_port": _free_port(host),
            "parallel_workers": 0,
            "debug": False,
        }
        inputs = [{"name": "observations", "datatype": "FP32", "shape": [-1, len(cell.observation)]}]
        model = {
            "name": NAME,
            "implementation": "numpy_policy.NumPyPolicy",
            "parameters": {"uri": cell.onnx},
            "inputs": inputs,
        }
        (folder / "settings.json").write_text(json.dumps(settings))
        (folder / "model-settings.json").write_text(json.dumps(model))
        self._log = (folder / "log").open("w")
        self._process = subprocess.Popen(
            [str(Path(sys.executable).with_name("mlserver")), "start", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        )
        self._wait(cell.address, folder / "log")

    def _wait(self, address: str, log: Path) -> None:
        client = triton.InferenceServerClient(address)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if client.is_model_ready(NAME):
                    client.close()
                    return
            except triton.InferenceServerException:
                pass
            time.sleep(0.2)
        self.close()
        raise TimeoutError(f"MLServer is not ready: {log.read_text()[-500:]}")

    def step(self, number: int) -> None:
        """It is a server."""
        raise NotImplementedError

    def close(self) -> None:
        """See `System.close`."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
