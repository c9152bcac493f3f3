from google.rpc import status_pb2 as _status_pb2
from gymbridge.v1 import space_pb2 as _space_pb2
from gymbridge.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListPoliciesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPoliciesResponse(_message.Message):
    __slots__ = ("policies", "server_version")
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    policies: _containers.RepeatedCompositeFieldContainer[PolicySummary]
    server_version: str
    def __init__(self, policies: _Optional[_Iterable[_Union[PolicySummary, _Mapping]]] = ..., server_version: _Optional[str] = ...) -> None: ...

class PolicySummary(_message.Message):
    __slots__ = ("name", "version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class DescribePolicyRequest(_message.Message):
    __slots__ = ("policy",)
    POLICY_FIELD_NUMBER: _ClassVar[int]
    policy: str
    def __init__(self, policy: _Optional[str] = ...) -> None: ...

class DescribePolicyResponse(_message.Message):
    __slots__ = ("name", "version", "observation_space", "action_space", "stochastic", "provenance")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_SPACE_FIELD_NUMBER: _ClassVar[int]
    ACTION_SPACE_FIELD_NUMBER: _ClassVar[int]
    STOCHASTIC_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    observation_space: _space_pb2.Space
    action_space: _space_pb2.Space
    stochastic: bool
    provenance: _value_pb2.ItemMap
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., observation_space: _Optional[_Union[_space_pb2.Space, _Mapping]] = ..., action_space: _Optional[_Union[_space_pb2.Space, _Mapping]] = ..., stochastic: bool = ..., provenance: _Optional[_Union[_value_pb2.ItemMap, _Mapping]] = ...) -> None: ...

class ActRequest(_message.Message):
    __slots__ = ("policy", "batch_size", "observations", "deterministic")
    POLICY_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    DETERMINISTIC_FIELD_NUMBER: _ClassVar[int]
    policy: str
    batch_size: int
    observations: _value_pb2.Buffers
    deterministic: bool
    def __init__(self, policy: _Optional[str] = ..., batch_size: _Optional[int] = ..., observations: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ..., deterministic: bool = ...) -> None: ...

class ActResponse(_message.Message):
    __slots__ = ("actions", "version")
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    actions: _value_pb2.Buffers
    version: str
    def __init__(self, actions: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ..., version: _Optional[str] = ...) -> None: ...

class ActStreamRequest(_message.Message):
    __slots__ = ("sequence", "act")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ACT_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    act: ActRequest
    def __init__(self, sequence: _Optional[int] = ..., act: _Optional[_Union[ActRequest, _Mapping]] = ...) -> None: ...

class ActStreamResponse(_message.Message):
    __slots__ = ("sequence", "acted", "error")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ACTED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    acted: ActResponse
    error: _status_pb2.Status
    def __init__(self, sequence: _Optional[int] = ..., acted: _Optional[_Union[ActResponse, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
