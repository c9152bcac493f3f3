"""Triton's client, which any server of the Open Inference Protocol understands."""

from __future__ import annotations

import numpy as np
import tritonclient.grpc as triton
from serving_systems import NAME, Cell, Client


class Triton(Client):
    """A call for each question, by `infer`."""

    def __init__(self, cell: Cell) -> None:
        self._client = triton.InferenceServerClient(cell.address)
        metadata = self._client.get_model_metadata(NAME)
        self._input, self._datatype = metadata.inputs[0].name, metadata.inputs[0].datatype
        super().__init__(cell)

    def ask(self) -> np.ndarray:
        """See `Client.ask`."""
        batch = self._observation[None]
        question = triton.InferInput(self._input, list(batch.shape), self._datatype)
        question.set_data_from_numpy(batch)
        return self._client.infer(NAME, [question]).as_numpy("actions")[0]

    def close(self) -> None:
        """See `System.close`."""
        self._client.close()
