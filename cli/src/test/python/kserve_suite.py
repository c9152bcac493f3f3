"""What KServe's own client sees of a policy server; see tritonclient_suite.py."""

import os
import unittest

import grpc
import numpy as np
from kserve import InferenceGRPCClient, InferInput, InferRequest

ADDRESS = os.environ["GYMBRIDGE_POLICY_SERVER"]
ROWS = np.array([[1, 2], [3, 4]], np.float32)


class KServeTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.client = InferenceGRPCClient(ADDRESS)
        self.addAsyncCleanup(self.client.close)

    async def infer(self, binary=True, rows=ROWS, model="times", **options):
        given = InferInput("observations", list(rows.shape), "FP32")
        given.set_data_from_numpy(rows, binary_data=binary)
        return await self.client.infer(InferRequest(model, [given], **options))

    async def test_health(self):
        self.assertTrue(await self.client.is_server_live())
        self.assertTrue(await self.client.is_server_ready())
        self.assertTrue(await self.client.is_model_ready("times"))
        self.assertFalse(await self.client.is_model_ready("swimmer"))

    async def test_raw_and_typed_contents(self):
        for binary in (True, False):
            answer = await self.infer(binary, request_id="r7")
            np.testing.assert_array_equal(answer.outputs[0].as_numpy(), ROWS)
            self.assertEqual((answer.model_name, answer.model_version, answer.id), ("times", "1", "r7"))

    async def test_parameters(self):
        rows = np.zeros((3, 17), np.float32)
        first, again, other = [
            (await self.infer(rows=rows, model="network", parameters={"seed": 1, "step": step})).outputs[0].as_numpy()
            for step in (2, 2, 3)
        ]
        np.testing.assert_array_equal(first, again)
        self.assertTrue((first != other).any())

    async def test_errors(self):
        with self.assertRaises(grpc.RpcError) as caught:
            await self.infer(model="swimmer")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)
        with self.assertRaises(grpc.RpcError) as caught:
            await self.infer(rows=np.zeros((2, 3), np.float32))
        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)


if __name__ == "__main__":
    unittest.main()
