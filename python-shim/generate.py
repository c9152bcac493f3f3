"""Makes the stubs in src/gymbridge/v1 from the .proto files; needs grpcio-tools with protobuf 6 (1.78, not newer).

python -m pip install "grpcio-tools==1.78.*" && python generate.py
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROTO_ROOT = HERE.parent / "proto" / "src" / "main" / "proto"
PACKAGE = HERE / "src" / "gymbridge" / "v1"


def proto_files() -> list[Path]:
    """The .proto files, sorted by name."""
    return sorted((PROTO_ROOT / "gymbridge" / "v1").glob("*.proto"))


def digest() -> str:
    """SHA-256 (hex) of the .proto files' names and contents, whatever their line ends."""
    sha = hashlib.sha256()
    for path in proto_files():
        sha.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return sha.hexdigest()


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


if __name__ == "__main__":
    main()
