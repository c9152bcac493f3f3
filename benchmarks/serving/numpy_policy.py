"""The network for MLServer: the matrices of our ONNX graph, multiplied by NumPy."""

from __future__ import annotations

import numpy as np
import onnx
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from onnx import numpy_helper


class NumPyPolicy(MLModel):
    """Layers with tanh between them. Its settings' `parameters.uri` is the graph's file."""

    async def load(self) -> bool:
        """See `MLModel.load`."""
        graph = onnx.load(self.settings.parameters.uri).graph
        values = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
        self._layers = []
        for node in graph.node:
            if node.op_type == "Gemm":
                transposed = any(each.name == "transB" and each.i for each in node.attribute)
                weights = values[node.input[1]]
                weights = np.ascontiguousarray(weights.T if transposed else weights, np.float32)
                self._layers.append((weights, values[node.input[2]].astype(np.float32)))
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """See `MLModel.predict`."""
        values = NumpyCodec.decode_input(payload.inputs[0])
        for number, (weights, biases) in enumerate(self._layers):
            values = values @ weights + biases
            if number < len(self._layers) - 1:
                values = np.tanh(values)
        actions = np.clip(values, -1, 1).astype(np.float32)
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("actions", actions)])
