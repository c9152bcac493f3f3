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
    __slots__ = ("name", "version", "versions", "refused")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    versions: _containers.RepeatedCompositeFieldContainer[PolicyVersion]
    refused: _containers.RepeatedCompositeFieldContainer[RefusedVersion]
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., versions: _Optional[_Iterable[_Union[PolicyVersion, _Mapping]]] = ..., refused: _Optional[_Iterable[_Union[RefusedVersion, _Mapping]]] = ...) -> None: ...

class PolicyVersion(_message.Message):
    __slots__ = ("version", "digest", "labels")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    version: str
    digest: str
    labels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, version: _Optional[str] = ..., digest: _Optional[str] = ..., labels: _Optional[_Iterable[str]] = ...) -> None: ...

class RefusedVersion(_message.Message):
    __slots__ = ("version", "reason")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    version: str
    reason: str
    def __init__(self, version: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class DescribePolicyRequest(_message.Message):
    __slots__ = ("policy", "version")
    POLICY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    policy: str
    version: str
    def __init__(self, policy: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class DescribePolicyResponse(_message.Message):
    __slots__ = ("name", "version", "observation_space", "action_space", "stochastic", "provenance", "digest", "state_space", "masks", "values")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_SPACE_FIELD_NUMBER: _ClassVar[int]
    ACTION_SPACE_FIELD_NUMBER: _ClassVar[int]
    STOCHASTIC_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    STATE_SPACE_FIELD_NUMBER: _ClassVar[int]
    MASKS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    observation_space: _space_pb2.Space
    action_space: _space_pb2.Space
    stochastic: bool
    provenance: _value_pb2.ItemMap
    digest: str
    state_space: _space_pb2.Space
    masks: bool
    values: bool
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., observation_space: _Optional[_Union[_space_pb2.Space, _Mapping]] = ..., action_space: _Optional[_Union[_space_pb2.Space, _Mapping]] = ..., stochastic: bool = ..., provenance: _Optional[_Union[_value_pb2.ItemMap, _Mapping]] = ..., digest: _Optional[str] = ..., state_space: _Optional[_Union[_space_pb2.Space, _Mapping]] = ..., masks: bool = ..., values: bool = ...) -> None: ...

class ActRequest(_message.Message):
    __slots__ = ("policy", "batch_size", "observations", "deterministic", "version", "episode_starts", "draw", "action_mask", "state", "log_probability", "value", "digest", "echo_mask", "next_state")
    POLICY_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    DETERMINISTIC_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EPISODE_STARTS_FIELD_NUMBER: _ClassVar[int]
    DRAW_FIELD_NUMBER: _ClassVar[int]
    ACTION_MASK_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LOG_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    ECHO_MASK_FIELD_NUMBER: _ClassVar[int]
    NEXT_STATE_FIELD_NUMBER: _ClassVar[int]
    policy: str
    batch_size: int
    observations: _value_pb2.Buffers
    deterministic: bool
    version: str
    episode_starts: bytes
    draw: Draw
    action_mask: bytes
    state: _value_pb2.Buffers
    log_probability: bool
    value: bool
    digest: bool
    echo_mask: bool
    next_state: bool
    def __init__(self, policy: _Optional[str] = ..., batch_size: _Optional[int] = ..., observations: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ..., deterministic: bool = ..., version: _Optional[str] = ..., episode_starts: _Optional[bytes] = ..., draw: _Optional[_Union[Draw, _Mapping]] = ..., action_mask: _Optional[bytes] = ..., state: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ..., log_probability: bool = ..., value: bool = ..., digest: bool = ..., echo_mask: bool = ..., next_state: bool = ...) -> None: ...

class Draw(_message.Message):
    __slots__ = ("seed", "step")
    SEED_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    seed: int
    step: int
    def __init__(self, seed: _Optional[int] = ..., step: _Optional[int] = ...) -> None: ...

class ActResponse(_message.Message):
    __slots__ = ("actions", "version", "row_versions", "log_probabilities", "values", "digest", "action_mask", "state")
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ROW_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    LOG_PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    ACTION_MASK_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    actions: _value_pb2.Buffers
    version: str
    row_versions: _containers.RepeatedScalarFieldContainer[str]
    log_probabilities: bytes
    values: bytes
    digest: str
    action_mask: bytes
    state: _value_pb2.Buffers
    def __init__(self, actions: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ..., version: _Optional[str] = ..., row_versions: _Optional[_Iterable[str]] = ..., log_probabilities: _Optional[bytes] = ..., values: _Optional[bytes] = ..., digest: _Optional[str] = ..., action_mask: _Optional[bytes] = ..., state: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ...) -> None: ...

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

class PublishPolicyRequest(_message.Message):
    __slots__ = ("header", "chunk")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    header: PublishHeader
    chunk: bytes
    def __init__(self, header: _Optional[_Union[PublishHeader, _Mapping]] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class PublishHeader(_message.Message):
    __slots__ = ("policy", "version", "size", "sha256", "labels")
    POLICY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    policy: str
    version: str
    size: int
    sha256: bytes
    labels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, policy: _Optional[str] = ..., version: _Optional[str] = ..., size: _Optional[int] = ..., sha256: _Optional[bytes] = ..., labels: _Optional[_Iterable[str]] = ...) -> None: ...

class PublishPolicyResponse(_message.Message):
    __slots__ = ("version", "digest", "checks")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    version: str
    digest: str
    checks: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, version: _Optional[str] = ..., digest: _Optional[str] = ..., checks: _Optional[_Iterable[str]] = ...) -> None: ...

class ConfigurePolicyRequest(_message.Message):
    __slots__ = ("policy", "lineup")
    POLICY_FIELD_NUMBER: _ClassVar[int]
    LINEUP_FIELD_NUMBER: _ClassVar[int]
    policy: str
    lineup: Lineup
    def __init__(self, policy: _Optional[str] = ..., lineup: _Optional[_Union[Lineup, _Mapping]] = ...) -> None: ...

class Lineup(_message.Message):
    __slots__ = ("latest", "versions", "labels", "canary_share")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    LATEST_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    CANARY_SHARE_FIELD_NUMBER: _ClassVar[int]
    latest: int
    versions: _containers.RepeatedScalarFieldContainer[str]
    labels: _containers.ScalarMap[str, str]
    canary_share: float
    def __init__(self, latest: _Optional[int] = ..., versions: _Optional[_Iterable[str]] = ..., labels: _Optional[_Mapping[str, str]] = ..., canary_share: _Optional[float] = ...) -> None: ...

class ConfigurePolicyResponse(_message.Message):
    __slots__ = ("policy",)
    POLICY_FIELD_NUMBER: _ClassVar[int]
    policy: PolicySummary
    def __init__(self, policy: _Optional[_Union[PolicySummary, _Mapping]] = ...) -> None: ...
