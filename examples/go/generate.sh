#!/usr/bin/env bash
# Makes the stubs in gymbridge/v1 from the published .proto files. Needs protoc (here: that of Python's grpcio-tools) and
#   go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12 google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
set -euo pipefail
cd "$(dirname "$0")"
protos=../../proto/src/main/proto
python=${PYTHON:-python3}
google=$("$python" -c 'import os, google.rpc; print(os.path.dirname(os.path.dirname(list(google.rpc.__path__)[0])))')
options=()
for name in space value environment policy; do
  options+=("--go_opt=Mgymbridge/v1/$name.proto=gymbridge.example/gymbridge/v1")
  options+=("--go-grpc_opt=Mgymbridge/v1/$name.proto=gymbridge.example/gymbridge/v1")
done
"$python" -m grpc_tools.protoc -I"$protos" -I"$google" --go_out=. --go_opt=module=gymbridge.example \
  --go-grpc_out=. --go-grpc_opt=module=gymbridge.example "${options[@]}" \
  gymbridge/v1/space.proto gymbridge/v1/value.proto gymbridge/v1/environment.proto gymbridge/v1/policy.proto
