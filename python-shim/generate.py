"""Makes the stubs in src/gymbridge/v1 from the .proto files; needs grpcio-tools with protobuf 6 (1.78, not newer).

python -m pip install "grpcio-tools==1.78.*" && python generate.py

What is new in the protocol is added to proto/frozen/gymbridge.v1.txt; from there it must never go: a test compares.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROTO_ROOT = HERE.parent / "proto" / "src" / "main" / "proto"
PACKAGE = HERE / "src" / "gymbridge" / "v1"
# By descriptor.proto's numbers.
_SCALARS = {
    1: "double",
    2: "float",
    3: "int64",
    4: "uint64",
    5: "int32",
    6: "fixed64",
    7: "fixed32",
    8: "bool",
    9: "string",
    12: "bytes",
    13: "uint32",
    15: "sfixed32",
    16: "sfixed64",
    17: "sint32",
    18: "sint64",
}
FROZEN = HERE.parent / "proto" / "frozen" / "gymbridge.v1.txt"


def proto_files() -> list[Path]:
    """The .proto files, sorted by name."""
    return sorted((PROTO_ROOT / "gymbridge" / "v1").glob("*.proto"))


def digest() -> str:
    """SHA-256 (hex) of the .proto files' names and contents, whatever their line ends."""
    sha = hashlib.sha256()
    for path in proto_files():
        sha.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return sha.hexdigest()


def protocol() -> set[str]:
    """All that the generated stubs have of the protocol, a line for each field, enum value and method."""
    lines: set[str] = set()
    for path in proto_files():
        file = importlib.import_module(f"gymbridge.v1.{path.stem}_pb2").DESCRIPTOR
        for message in file.message_types_by_name.values():
            lines.update(_message(message))
        for enum in file.enum_types_by_name.values():
            lines.update(f"{enum.full_name}.{value.name} {value.number}" for value in enum.values)
        for service in file.services_by_name.values():
            for method in service.methods:
                asks, answers = (
                    "stream " * streams + kind.full_name
                    for streams, kind in (
                        (method.client_streaming, method.input_type),
                        (method.server_streaming, method.output_type),
                    )
                )
                lines.add(f"{method.full_name} ({asks}) returns ({answers})")
    return lines


def _message(message: Any) -> Iterator[str]:
    for field in message.fields:
        kinds = {field.TYPE_MESSAGE: field.message_type, field.TYPE_ENUM: field.enum_type}
        kind = kinds[field.type].full_name if field.type in kinds else _SCALARS[field.type]
        label = "repeated " * field.is_repeated + "optional " * (field.has_presence and field.message_type is None)
        # An `optional` field has a oneof of its own, whose name begins with an underscore.
        group = field.containing_oneof
        oneof = "" if group is None or group.name.startswith("_") else f" in {group.name}"
        yield f"{field.full_name} {field.number} {label}{kind}{oneof}"
    for nested in message.nested_types:
        yield from _message(nested)
    for enum in message.enum_types:
        yield from (f"{enum.full_name}.{value.name} {value.number}" for value in enum.values)


def frozen() -> set[str]:
    """What must not change any more."""
    return set(FROZEN.read_text(encoding="utf-8").splitlines())


def main() -> None:
    """Generates the stubs and records which .proto files they come from."""
    from grpc_tools import protoc

    google = importlib.util.find_spec("google.rpc")
    if google is None or not google.submodule_search_locations:
        raise SystemExit("googleapis-common-protos is missing: python -m pip install googleapis-common-protos")
    include = Path(next(iter(google.submodule_search_locations))).parent.parent
    bundled = Path(protoc.__file__).parent / "_proto"
    out = PACKAGE.parent.parent
    arguments = ["protoc", f"-I{PROTO_ROOT}", f"-I{include}", f"-I{bundled}"]
    arguments += [f"--python_out={out}", f"--pyi_out={out}", f"--grpc_python_out={out}"]
    names = [path.relative_to(PROTO_ROOT).as_posix() for path in proto_files()]
    if protoc.main(arguments + names) != 0:
        raise SystemExit("protoc failed")
    for path in proto_files():
        stub = PACKAGE / f"{path.stem}_pb2_grpc.py"
        if "class " not in stub.read_text():
            stub.unlink()
    (PACKAGE / "proto_digest.py").write_text(
        f'"""Which .proto files these stubs were generated from; written by generate.py."""\n\nSHA256 = "{digest()}"\n'
    )
    sys.path.insert(0, str(out))
    FROZEN.write_text("".join(f"{line}\n" for line in sorted(frozen() | protocol())), encoding="utf-8")


if __name__ == "__main__":
    main()
