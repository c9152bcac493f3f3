"""What Triton's own client sees of a policy server, whose address is GYMBRIDGE_POLICY_SERVER.

OpenInferenceClientsTest starts the server: `times` has the versions 1 and 2, which answer with the observation times 1
and times 2, of which 1 is labelled stable; `network` is a stochastic network from 17 numbers to 6; `choices` has four
logits; `lstm` has a recurrent state.
"""

import json
import os
import queue
import unittest

import numpy as np
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException

ADDRESS = os.environ["GYMBRIDGE_POLICY_SERVER"]
ROWS = np.array([[1, 2], [3, 4]], np.float32)


def tensor(name, array):
    datatype = {"float32": "FP32", "float64": "FP64", "bool": "BOOL"}[array.dtype.name]
    made = triton.InferInput(name, list(array.shape), datatype)
    made.set_data_from_numpy(array)
    return made


class TritonClientTest(unittest.TestCase):
    def setUp(self):
        self.client = triton.InferenceServerClient(ADDRESS)
        self.addCleanup(self.client.close)

    def infer(self, rows=ROWS, model="times", **options):
        return self.client.infer(model, [tensor("observations", rows)], **options)

    def assert_fails(self, status, message, call, *arguments, **options):
        with self.assertRaises(InferenceServerException) as caught:
            call(*arguments, **options)
        self.assertEqual(caught.exception.status(), "StatusCode." + status)
        self.assertIn(message, caught.exception.message())

    def test_health(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("times"))
        self.assertTrue(self.client.is_model_ready("times", "1"))
        self.assertTrue(self.client.is_model_ready("times", "stable"))
        self.assertFalse(self.client.is_model_ready("times", "3"))
        self.assertFalse(self.client.is_model_ready("swimmer"))

    def test_server_metadata(self):
        metadata = self.client.get_server_metadata()
        self.assertEqual(metadata.name, "gymbridge")
        self.assertIn("statistics", metadata.extensions)

    def test_model_metadata(self):
        metadata = self.client.get_model_metadata("network", as_json=True)
        self.assertEqual(metadata["versions"], ["1"])
        self.assertEqual(metadata["platform"], "onnxruntime_onnx")
        self.assertEqual(metadata["inputs"], [{"name": "observations", "datatype": "FP32", "shape": ["-1", "17"]}])
        self.assertEqual(
            metadata["outputs"],
            [
                {"name": "actions", "datatype": "FP32", "shape": ["-1", "6"]},
                {"name": "log_probability", "datatype": "FP64", "shape": ["-1"]},
                {"name": "value", "datatype": "FP32", "shape": ["-1"]},
            ],
        )
        self.assertEqual(self.client.get_model_metadata("times").versions, ["1", "2"])
        self.assert_fails(
            "NOT_FOUND", "unknown model: 'swimmer' is not found", self.client.get_model_metadata, "swimmer"
        )

    def test_model_config(self):
        config = self.client.get_model_config("network").config
        self.assertEqual((config.name, config.platform, config.backend), ("network", "onnxruntime_onnx", "onnxruntime"))
        self.assertGreater(config.max_batch_size, 0)
        self.assertEqual((config.input[0].name, list(config.input[0].dims)), ("observations", [17]))
        self.assertEqual((config.output[0].name, list(config.output[0].dims)), ("actions", [6]))
        self.assertTrue(config.HasField("dynamic_batching"))
        self.assertTrue(self.client.get_model_config("lstm").config.HasField("sequence_batching"))
        self.assert_fails("NOT_FOUND", "'swimmer'", self.client.get_model_config, "swimmer")

    def test_infer_with_raw_contents(self):
        answer = self.infer(request_id="r7")
        np.testing.assert_array_equal(answer.as_numpy("actions"), ROWS)
        response = answer.get_response()
        self.assertEqual((response.model_name, response.model_version, response.id), ("times", "1", "r7"))
        self.assertRegex(response.parameters["digest"].string_param, "^[0-9a-f]{12}$")

    def test_infer_with_typed_contents_is_answered_raw(self):
        request = service_pb2.ModelInferRequest(model_name="times")
        given = request.inputs.add(name="observations", datatype="FP32", shape=[2, 2])
        given.contents.fp32_contents.extend([1, 2, 3, 4])
        response = self.client._client_stub.ModelInfer(request)
        self.assertEqual(len(response.raw_output_contents), 1)
        np.testing.assert_array_equal(triton.InferResult(response).as_numpy("actions"), ROWS)

    def test_versions_and_labels(self):
        for wanted, factor, version in [("2", 2, "2"), ("1", 1, "1"), ("stable", 1, "1"), ("", 1, "1")]:
            answer = self.infer(model_version=wanted)
            np.testing.assert_array_equal(answer.as_numpy("actions"), factor * ROWS)
            self.assertEqual(answer.get_response().model_version, version)

    def test_only_the_requested_outputs_come(self):
        rows = np.zeros((3, 17), np.float32)
        answer = self.infer(rows, "network", outputs=[triton.InferRequestedOutput("log_probability")])
        self.assertEqual([output.name for output in answer.get_response().outputs], ["log_probability"])
        self.assertEqual(answer.as_numpy("log_probability").shape, (3,))
        every = self.infer(rows, "network").get_response()
        self.assertEqual([output.name for output in every.outputs], ["actions", "log_probability", "value"])

    def test_samples_are_named_by_seed_and_step(self):
        rows = np.zeros((3, 17), np.float32)

        def act(**parameters):
            return self.infer(rows, "network", parameters=parameters).as_numpy("actions")

        np.testing.assert_array_equal(act(), act(deterministic=True))
        np.testing.assert_array_equal(act(seed=1, step=2), act(seed=1, step=2))
        self.assertTrue((act(seed=1, step=2) != act(seed=1, step=3)).any())
        self.assertTrue((act(deterministic=False) != act(deterministic=False)).any())

    def test_action_mask(self):
        rows = np.array([[0, 1, 2, 3]], np.float32)
        mask = np.array([[True, True, False, False]])
        inputs = [tensor("observations", rows), tensor("action_mask", mask)]
        self.assertEqual(self.client.infer("choices", inputs).as_numpy("actions").tolist(), [1])
        self.assertEqual(self.client.infer("choices", inputs[:1]).as_numpy("actions").tolist(), [3])

    def test_async(self):
        answers = queue.Queue()
        for i in range(20):
            self.client.async_infer(
                "times",
                [tensor("observations", i * ROWS)],
                lambda result, error: answers.put((result, error)),
                request_id=str(i),
            )
        for _ in range(20):
            result, error = answers.get(timeout=30)
            self.assertIsNone(error)
            i = int(result.get_response().id)
            np.testing.assert_array_equal(result.as_numpy("actions"), i * ROWS)

    def test_stream_answers_in_order_and_goes_on_after_errors(self):
        answers = queue.Queue()
        self.client.start_stream(lambda result, error: answers.put((result, error)))
        for i in range(200):
            rows = ROWS if i % 10 else np.zeros((1, 3), np.float32)
            self.client.async_stream_infer("times", [tensor("observations", rows)], request_id=str(i))
        for i in range(200):
            result, error = answers.get(timeout=30)
            if i % 10:
                self.assertIsNone(error)
                self.assertEqual(result.get_response().id, str(i))
            else:
                self.assertIn("[1, 3]", error.message())
        self.client.stop_stream()

    def test_stream_says_which_answer_is_the_last(self):
        answers = queue.Queue()
        self.client.start_stream(lambda result, error: answers.put((result, error)))
        self.client.async_stream_infer("times", [tensor("observations", ROWS)], enable_empty_final_response=True)
        result, error = answers.get(timeout=30)
        self.assertIsNone(error)
        self.assertTrue(result.get_response().parameters["triton_final_response"].bool_param)
        self.client.stop_stream()

    def test_sequence_keeps_its_version(self):
        def step(sequence, **options):
            return self.infer(sequence_id=sequence, **options).get_response().model_version

        for sequence in (7, "seven"):
            self.assertEqual(step(sequence, sequence_start=True, model_version="2"), "2")
            self.assertEqual(step(sequence), "2")
            self.assertEqual(step(sequence, sequence_end=True), "2")
            self.assert_fails("INVALID_ARGUMENT", "sequence_start", step, sequence)

    def test_sequence_keeps_its_recurrent_state(self):
        with open(os.environ["GYMBRIDGE_LSTM"]) as file:
            steps = json.load(file)
        for sequence in (8, "eight"):
            for i, step in enumerate(steps):
                rows = np.array([step["observation"]], np.float32)
                answer = self.infer(
                    rows, "lstm", sequence_id=sequence, sequence_start=i == 0, sequence_end=i == len(steps) - 1
                )
                np.testing.assert_allclose(answer.as_numpy("actions")[0], step["action"], atol=1e-5)
                np.testing.assert_allclose(answer.as_numpy("value")[0], step["value"], atol=1e-5)

    def test_recurrent_state_can_be_the_clients(self):
        with open(os.environ["GYMBRIDGE_LSTM"]) as file:
            steps = json.load(file)
        state = []
        for step in steps:
            answer = self.client.infer(
                "lstm", [tensor("observations", np.array([step["observation"]], np.float32)), *state]
            )
            np.testing.assert_allclose(answer.as_numpy("actions")[0], step["action"], atol=1e-5)
            names = [output.name for output in answer.get_response().outputs if output.name.startswith("state")]
            self.assertEqual(len(names), 2)
            state = [tensor(name, answer.as_numpy(name)) for name in names]

    def test_repository(self):
        def index(**options):
            return [
                (model.name, model.version, model.state)
                for model in self.client.get_model_repository_index(**options).models
            ]

        self.assertIn(("spare", "1", "READY"), index())
        self.client.unload_model("spare")
        self.assertFalse(self.client.is_model_ready("spare"))
        self.assertIn(("spare", "1", "UNAVAILABLE"), index())
        self.assert_fails("UNAVAILABLE", "'spare' has no version in service", self.infer, model="spare")
        self.client.load_model("spare")
        self.assertTrue(self.client.is_model_ready("spare"))
        self.assertIn(("spare", "1", "READY"), index())
        np.testing.assert_array_equal(self.infer(model="spare").as_numpy("actions"), 5 * ROWS)
        self.assert_fails("NOT_FOUND", '"swimmer"', self.client.load_model, "swimmer")
        self.assert_fails("NOT_FOUND", '"swimmer"', self.client.unload_model, "swimmer")
        self.assert_fails("INVALID_ARGUMENT", "config", self.client.load_model, "spare", config="{}")

    def test_statistics(self):
        def stats():
            return self.client.get_inference_statistics("times", "2").model_stats[0]

        before = stats()
        self.infer(model_version="2")
        after = stats()
        self.assertEqual((after.name, after.version), ("times", "2"))
        self.assertEqual(after.inference_count - before.inference_count, 2)
        self.assertEqual(after.execution_count - before.execution_count, 1)
        self.assertEqual(after.inference_stats.success.count - before.inference_stats.success.count, 1)
        self.assertGreater(after.inference_stats.compute_infer.ns, before.inference_stats.compute_infer.ns)
        self.assertGreater(len(self.client.get_inference_statistics().model_stats), 3)
        self.assert_fails("NOT_FOUND", "'swimmer'", self.client.get_inference_statistics, "swimmer")

    def test_errors(self):
        self.assert_fails("NOT_FOUND", "unknown model: 'swimmer' is not found", self.infer, model="swimmer")
        self.assert_fails("NOT_FOUND", "version '9' is not found", self.infer, model_version="9")
        self.assert_fails(
            "INVALID_ARGUMENT", "got the input observations FP32[2, 3]", self.infer, np.zeros((2, 3), np.float32)
        )
        self.assert_fails("INVALID_ARGUMENT", "FP64", self.infer, np.zeros((2, 2), np.float64))
        self.assert_fails("INVALID_ARGUMENT", "NaN", self.infer, np.full((2, 2), np.nan, np.float32))
        self.assert_fails("INVALID_ARGUMENT", '"speed"', self.infer, outputs=[triton.InferRequestedOutput("speed")])
        self.assert_fails("INVALID_ARGUMENT", 'got an input "x"', self.client.infer, "times", [tensor("x", ROWS)])
        self.assert_fails("INVALID_ARGUMENT", "is missing", self.client.infer, "times", [])
        shared = triton.InferInput("observations", [2, 2], "FP32")
        shared.set_shared_memory("region", 16)
        self.assert_fails("UNIMPLEMENTED", "shares no memory", self.client.infer, "times", [shared])
        request = service_pb2.ModelInferRequest(model_name="times", raw_input_contents=[ROWS.tobytes()])
        given = request.inputs.add(name="observations", datatype="FP32", shape=[2, 2])
        given.contents.fp32_contents.extend([1, 2, 3, 4])
        with self.assertRaisesRegex(Exception, "one of the two"):
            self.client._client_stub.ModelInfer(request)


if __name__ == "__main__":
    unittest.main()
