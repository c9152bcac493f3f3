import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from gymbridge.v1 import environment_pb2, policy_pb2, proto_digest, space_pb2, value_pb2

SHIM = Path(__file__).resolve().parent.parent


def generate():
    spec = importlib.util.spec_from_file_location("generate", SHIM / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_stubs_were_generated_from_the_proto_files_as_they_are():
    assert generate().digest() == proto_digest.SHA256, "run python-shim/generate.py"


def test_descriptors_equal_those_of_the_compiled_proto_files(tmp_path):
    pytest.importorskip("grpc_tools", reason="grpcio-tools is not installed; the digest is compared instead")
    google = importlib.util.find_spec("google.rpc")
    include = Path(next(iter(google.submodule_search_locations))).parent.parent
    root, out = generate().PROTO_ROOT, tmp_path / "set"
    names = [path.relative_to(root).as_posix() for path in generate().proto_files()]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{root}", f"-I{include}", f"--descriptor_set_out={out}"]
    subprocess.run(command + names, check=True)
    from google.protobuf import descriptor_pb2

    compiled = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    ours = {}
    for module in (environment_pb2, policy_pb2, space_pb2, value_pb2):
        message = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(message)
        ours[message.name] = message
    for file in compiled.file:
        for field in file.DESCRIPTOR.fields_by_name:
            if field != "source_code_info" and file.name in ours:
                assert getattr(file, field) == getattr(ours[file.name], field), (file.name, field)
