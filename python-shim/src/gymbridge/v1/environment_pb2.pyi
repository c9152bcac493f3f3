from google.rpc import status_pb2 as _status_pb2
from gymbridge.v1 import space_pb2 as _space_pb2
from gymbridge.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AutoresetMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUTORESET_MODE_UNSPECIFIED: _ClassVar[AutoresetMode]
    AUTORESET_MODE_NEXT_STEP: _ClassVar[AutoresetMode]
    AUTORESET_MODE_SAME_STEP: _ClassVar[AutoresetMode]
    AUTORESET_MODE_DISABLED: _ClassVar[AutoresetMode]

class InfoMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INFO_MODE_UNSPECIFIED: _ClassVar[InfoMode]
    INFO_MODE_ALL: _ClassVar[InfoMode]
    INFO_MODE_NONE: _ClassVar[InfoMode]
    INFO_MODE_LANES: _ClassVar[InfoMode]
AUTORESET_MODE_UNSPECIFIED: AutoresetMode
AUTORESET_MODE_NEXT_STEP: AutoresetMode
AUTORESET_MODE_SAME_STEP: AutoresetMode
AUTORESET_MODE_DISABLED: AutoresetMode
INFO_MODE_UNSPECIFIED: InfoMode
INFO_MODE_ALL: InfoMode
INFO_MODE_NONE: InfoMode
INFO_MODE_LANES: InfoMode

class ListEnvironmentsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListEnvironmentsResponse(_message.Message):
    __slots__ = ("environments", "server_version")
    ENVIRONMENTS_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    environments: _containers.RepeatedCompositeFieldContainer[EnvironmentSummary]
    server_version: str
    def __init__(self, environments: _Optional[_Iterable[_Union[EnvironmentSummary, _Mapping]]] = ..., server_version: _Optional[str] = ...) -> None: ...

class EnvironmentSummary(_message.Message):
    __slots__ = ("env_id", "default_num_envs", "allowed_kwargs", "allowed_attributes", "fixed_num_envs")
    ENV_ID_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_NUM_ENVS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_KWARGS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    FIXED_NUM_ENVS_FIELD_NUMBER: _ClassVar[int]
    env_id: str
    default_num_envs: int
    allowed_kwargs: _containers.RepeatedScalarFieldContainer[str]
    allowed_attributes: _containers.RepeatedScalarFieldContainer[str]
    fixed_num_envs: int
    def __init__(self, env_id: _Optional[str] = ..., default_num_envs: _Optional[int] = ..., allowed_kwargs: _Optional[_Iterable[str]] = ..., allowed_attributes: _Optional[_Iterable[str]] = ..., fixed_num_envs: _Optional[int] = ...) -> None: ...

class OpenSessionRequest(_message.Message):
    __slots__ = ("protocol_revision", "env_id", "num_envs", "autoreset_mode", "info_mode", "render_mode", "kwargs", "max_shards", "nonce", "lease_seconds", "step_timeout_seconds")
    PROTOCOL_REVISION_FIELD_NUMBER: _ClassVar[int]
    ENV_ID_FIELD_NUMBER: _ClassVar[int]
    NUM_ENVS_FIELD_NUMBER: _ClassVar[int]
    AUTORESET_MODE_FIELD_NUMBER: _ClassVar[int]
    INFO_MODE_FIELD_NUMBER: _ClassVar[int]
    RENDER_MODE_FIELD_NUMBER: _ClassVar[int]
    KWARGS_FIELD_NUMBER: _ClassVar[int]
    MAX_SHARDS_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    LEASE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    STEP_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    protocol_revision: int
    env_id: str
    num_envs: int
    autoreset_mode: AutoresetMode
    info_mode: InfoMode
    render_mode: str
    kwargs: _value_pb2.ItemMap
    max_shards: int
    nonce: str
    lease_seconds: float
    step_timeout_seconds: float
    def __init__(self, protocol_revision: _Optional[int] = ..., env_id: _Optional[str] = ..., num_envs: _Optional[int] = ..., autoreset_mode: _Optional[_Union[AutoresetMode, str]] = ..., info_mode: _Optional[_Union[InfoMode, str]] = ..., render_mode: _Optional[str] = ..., kwargs: _Optional[_Union[_value_pb2.ItemMap, _Mapping]] = ..., max_shards: _Optional[int] = ..., nonce: _Optional[str] = ..., lease_seconds: _Optional[float] = ..., step_timeout_seconds: _Optional[float] = ...) -> None: ...

class OpenSessionResponse(_message.Message):
    __slots__ = ("session_id", "spec", "shards", "num_envs", "autoreset_mode", "server_version", "capabilities", "lease_seconds")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    NUM_ENVS_FIELD_NUMBER: _ClassVar[int]
    AUTORESET_MODE_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    LEASE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    spec: EnvironmentSpec
    shards: _containers.RepeatedCompositeFieldContainer[Shard]
    num_envs: int
    autoreset_mode: AutoresetMode
    server_version: str
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    lease_seconds: float
    def __init__(self, session_id: _Optional[str] = ..., spec: _Optional[_Union[EnvironmentSpec, _Mapping]] = ..., shards: _Optional[_Iterable[_Union[Shard, _Mapping]]] = ..., num_envs: _Optional[int] = ..., autoreset_mode: _Optional[_Union[AutoresetMode, str]] = ..., server_version: _Optional[str] = ..., capabilities: _Optional[_Iterable[str]] = ..., lease_seconds: _Optional[float] = ...) -> None: ...

class EnvironmentSpec(_message.Message):
    __slots__ = ("env_id", "observation_space", "action_space", "max_episode_steps", "reward_threshold", "metadata", "nondeterministic", "render_mode")
    ENV_ID_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_SPACE_FIELD_NUMBER: _ClassVar[int]
    ACTION_SPACE_FIELD_NUMBER: _ClassVar[int]
    MAX_EPISODE_STEPS_FIELD_NUMBER: _ClassVar[int]
    REWARD_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    NONDETERMINISTIC_FIELD_NUMBER: _ClassVar[int]
    RENDER_MODE_FIELD_NUMBER: _ClassVar[int]
    env_id: str
    observation_space: _space_pb2.Space
    action_space: _space_pb2.Space
    max_episode_steps: int
    reward_threshold: float
    metadata: _value_pb2.ItemMap
    nondeterministic: bool
    render_mode: str
    def __init__(self, env_id: _Optional[str] = ..., observation_space: _Optional[_Union[_space_pb2.Space, _Mapping]] = ..., action_space: _Optional[_Union[_space_pb2.Space, _Mapping]] = ..., max_episode_steps: _Optional[int] = ..., reward_threshold: _Optional[float] = ..., metadata: _Optional[_Union[_value_pb2.ItemMap, _Mapping]] = ..., nondeterministic: bool = ..., render_mode: _Optional[str] = ...) -> None: ...

class Shard(_message.Message):
    __slots__ = ("address", "token", "first_lane", "num_envs", "generation", "loss")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    FIRST_LANE_FIELD_NUMBER: _ClassVar[int]
    NUM_ENVS_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    address: str
    token: str
    first_lane: int
    num_envs: int
    generation: int
    loss: str
    def __init__(self, address: _Optional[str] = ..., token: _Optional[str] = ..., first_lane: _Optional[int] = ..., num_envs: _Optional[int] = ..., generation: _Optional[int] = ..., loss: _Optional[str] = ...) -> None: ...

class InteractRequest(_message.Message):
    __slots__ = ("sequence", "acknowledged", "attach", "reset", "step", "render", "heartbeat", "save_state", "restore_state", "call", "set_attribute", "put_policy", "rollout")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    ATTACH_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    RENDER_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    SAVE_STATE_FIELD_NUMBER: _ClassVar[int]
    RESTORE_STATE_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    SET_ATTRIBUTE_FIELD_NUMBER: _ClassVar[int]
    PUT_POLICY_FIELD_NUMBER: _ClassVar[int]
    ROLLOUT_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    acknowledged: int
    attach: AttachRequest
    reset: ResetRequest
    step: StepRequest
    render: RenderRequest
    heartbeat: HeartbeatRequest
    save_state: SaveStateRequest
    restore_state: RestoreStateRequest
    call: CallRequest
    set_attribute: SetAttributeRequest
    put_policy: PutPolicyRequest
    rollout: RolloutRequest
    def __init__(self, sequence: _Optional[int] = ..., acknowledged: _Optional[int] = ..., attach: _Optional[_Union[AttachRequest, _Mapping]] = ..., reset: _Optional[_Union[ResetRequest, _Mapping]] = ..., step: _Optional[_Union[StepRequest, _Mapping]] = ..., render: _Optional[_Union[RenderRequest, _Mapping]] = ..., heartbeat: _Optional[_Union[HeartbeatRequest, _Mapping]] = ..., save_state: _Optional[_Union[SaveStateRequest, _Mapping]] = ..., restore_state: _Optional[_Union[RestoreStateRequest, _Mapping]] = ..., call: _Optional[_Union[CallRequest, _Mapping]] = ..., set_attribute: _Optional[_Union[SetAttributeRequest, _Mapping]] = ..., put_policy: _Optional[_Union[PutPolicyRequest, _Mapping]] = ..., rollout: _Optional[_Union[RolloutRequest, _Mapping]] = ...) -> None: ...

class InteractResponse(_message.Message):
    __slots__ = ("sequence", "environment_nanos", "server_nanos", "queue_nanos", "attached", "reset", "step", "rendered", "error", "heartbeat", "saved", "restored", "called", "attribute_set", "policy_put", "rolled_out")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_NANOS_FIELD_NUMBER: _ClassVar[int]
    SERVER_NANOS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_NANOS_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    RENDERED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    SAVED_FIELD_NUMBER: _ClassVar[int]
    RESTORED_FIELD_NUMBER: _ClassVar[int]
    CALLED_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTE_SET_FIELD_NUMBER: _ClassVar[int]
    POLICY_PUT_FIELD_NUMBER: _ClassVar[int]
    ROLLED_OUT_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    environment_nanos: int
    server_nanos: int
    queue_nanos: int
    attached: AttachResponse
    reset: ResetResponse
    step: StepResponse
    rendered: RenderResponse
    error: _status_pb2.Status
    heartbeat: HeartbeatResponse
    saved: SaveStateResponse
    restored: RestoreStateResponse
    called: CallResponse
    attribute_set: SetAttributeResponse
    policy_put: PutPolicyResponse
    rolled_out: RolloutResponse
    def __init__(self, sequence: _Optional[int] = ..., environment_nanos: _Optional[int] = ..., server_nanos: _Optional[int] = ..., queue_nanos: _Optional[int] = ..., attached: _Optional[_Union[AttachResponse, _Mapping]] = ..., reset: _Optional[_Union[ResetResponse, _Mapping]] = ..., step: _Optional[_Union[StepResponse, _Mapping]] = ..., rendered: _Optional[_Union[RenderResponse, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., heartbeat: _Optional[_Union[HeartbeatResponse, _Mapping]] = ..., saved: _Optional[_Union[SaveStateResponse, _Mapping]] = ..., restored: _Optional[_Union[RestoreStateResponse, _Mapping]] = ..., called: _Optional[_Union[CallResponse, _Mapping]] = ..., attribute_set: _Optional[_Union[SetAttributeResponse, _Mapping]] = ..., policy_put: _Optional[_Union[PutPolicyResponse, _Mapping]] = ..., rolled_out: _Optional[_Union[RolloutResponse, _Mapping]] = ...) -> None: ...

class AttachRequest(_message.Message):
    __slots__ = ("token", "shared_memory")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    SHARED_MEMORY_FIELD_NUMBER: _ClassVar[int]
    token: str
    shared_memory: bool
    def __init__(self, token: _Optional[str] = ..., shared_memory: bool = ...) -> None: ...

class AttachResponse(_message.Message):
    __slots__ = ("epoch", "last_sequence", "window", "shared_memory")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    SHARED_MEMORY_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    last_sequence: int
    window: int
    shared_memory: SharedMemory
    def __init__(self, epoch: _Optional[int] = ..., last_sequence: _Optional[int] = ..., window: _Optional[int] = ..., shared_memory: _Optional[_Union[SharedMemory, _Mapping]] = ...) -> None: ...

class SharedMemory(_message.Message):
    __slots__ = ("memory", "bell", "nonce", "request_bytes", "response_bytes")
    MEMORY_FIELD_NUMBER: _ClassVar[int]
    BELL_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_BYTES_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_BYTES_FIELD_NUMBER: _ClassVar[int]
    memory: str
    bell: str
    nonce: bytes
    request_bytes: int
    response_bytes: int
    def __init__(self, memory: _Optional[str] = ..., bell: _Optional[str] = ..., nonce: _Optional[bytes] = ..., request_bytes: _Optional[int] = ..., response_bytes: _Optional[int] = ...) -> None: ...

class HeartbeatRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class HeartbeatResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ResetRequest(_message.Message):
    __slots__ = ("seeds", "seed_mask", "reset_mask", "options", "lane_options")
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    SEED_MASK_FIELD_NUMBER: _ClassVar[int]
    RESET_MASK_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    LANE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    seeds: bytes
    seed_mask: bytes
    reset_mask: bytes
    options: _value_pb2.ItemMap
    lane_options: _containers.RepeatedCompositeFieldContainer[_value_pb2.ItemMap]
    def __init__(self, seeds: _Optional[bytes] = ..., seed_mask: _Optional[bytes] = ..., reset_mask: _Optional[bytes] = ..., options: _Optional[_Union[_value_pb2.ItemMap, _Mapping]] = ..., lane_options: _Optional[_Iterable[_Union[_value_pb2.ItemMap, _Mapping]]] = ...) -> None: ...

class ResetResponse(_message.Message):
    __slots__ = ("observations", "infos", "lane_infos")
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    INFOS_FIELD_NUMBER: _ClassVar[int]
    LANE_INFOS_FIELD_NUMBER: _ClassVar[int]
    observations: _value_pb2.Buffers
    infos: _value_pb2.ItemMap
    lane_infos: _containers.RepeatedCompositeFieldContainer[_value_pb2.ItemMap]
    def __init__(self, observations: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ..., infos: _Optional[_Union[_value_pb2.ItemMap, _Mapping]] = ..., lane_infos: _Optional[_Iterable[_Union[_value_pb2.ItemMap, _Mapping]]] = ...) -> None: ...

class StepRequest(_message.Message):
    __slots__ = ("actions", "lanes")
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    LANES_FIELD_NUMBER: _ClassVar[int]
    actions: _value_pb2.Buffers
    lanes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, actions: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ..., lanes: _Optional[_Iterable[int]] = ...) -> None: ...

class StepResponse(_message.Message):
    __slots__ = ("observations", "rewards", "terminated", "truncated", "infos", "final_observations", "final_infos", "lane_infos")
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    REWARDS_FIELD_NUMBER: _ClassVar[int]
    TERMINATED_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    INFOS_FIELD_NUMBER: _ClassVar[int]
    FINAL_OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    FINAL_INFOS_FIELD_NUMBER: _ClassVar[int]
    LANE_INFOS_FIELD_NUMBER: _ClassVar[int]
    observations: _value_pb2.Buffers
    rewards: bytes
    terminated: bytes
    truncated: bytes
    infos: _value_pb2.ItemMap
    final_observations: _value_pb2.Buffers
    final_infos: _value_pb2.ItemMap
    lane_infos: _containers.RepeatedCompositeFieldContainer[_value_pb2.ItemMap]
    def __init__(self, observations: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ..., rewards: _Optional[bytes] = ..., terminated: _Optional[bytes] = ..., truncated: _Optional[bytes] = ..., infos: _Optional[_Union[_value_pb2.ItemMap, _Mapping]] = ..., final_observations: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ..., final_infos: _Optional[_Union[_value_pb2.ItemMap, _Mapping]] = ..., lane_infos: _Optional[_Iterable[_Union[_value_pb2.ItemMap, _Mapping]]] = ...) -> None: ...

class RenderRequest(_message.Message):
    __slots__ = ("lanes",)
    LANES_FIELD_NUMBER: _ClassVar[int]
    lanes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, lanes: _Optional[_Iterable[int]] = ...) -> None: ...

class RenderResponse(_message.Message):
    __slots__ = ("frames",)
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    frames: _containers.RepeatedCompositeFieldContainer[_value_pb2.Item]
    def __init__(self, frames: _Optional[_Iterable[_Union[_value_pb2.Item, _Mapping]]] = ...) -> None: ...

class SaveStateRequest(_message.Message):
    __slots__ = ("lanes",)
    LANES_FIELD_NUMBER: _ClassVar[int]
    lanes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, lanes: _Optional[_Iterable[int]] = ...) -> None: ...

class SaveStateResponse(_message.Message):
    __slots__ = ("states",)
    STATES_FIELD_NUMBER: _ClassVar[int]
    states: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, states: _Optional[_Iterable[bytes]] = ...) -> None: ...

class RestoreStateRequest(_message.Message):
    __slots__ = ("lanes", "states")
    LANES_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    lanes: _containers.RepeatedScalarFieldContainer[int]
    states: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, lanes: _Optional[_Iterable[int]] = ..., states: _Optional[_Iterable[bytes]] = ...) -> None: ...

class RestoreStateResponse(_message.Message):
    __slots__ = ("observations",)
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    observations: _value_pb2.Buffers
    def __init__(self, observations: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ...) -> None: ...

class CallRequest(_message.Message):
    __slots__ = ("name", "args", "kwargs", "lanes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    KWARGS_FIELD_NUMBER: _ClassVar[int]
    LANES_FIELD_NUMBER: _ClassVar[int]
    name: str
    args: _containers.RepeatedCompositeFieldContainer[_value_pb2.Item]
    kwargs: _value_pb2.ItemMap
    lanes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, name: _Optional[str] = ..., args: _Optional[_Iterable[_Union[_value_pb2.Item, _Mapping]]] = ..., kwargs: _Optional[_Union[_value_pb2.ItemMap, _Mapping]] = ..., lanes: _Optional[_Iterable[int]] = ...) -> None: ...

class CallResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[_value_pb2.Item]
    def __init__(self, results: _Optional[_Iterable[_Union[_value_pb2.Item, _Mapping]]] = ...) -> None: ...

class SetAttributeRequest(_message.Message):
    __slots__ = ("name", "values")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: _containers.RepeatedCompositeFieldContainer[_value_pb2.Item]
    def __init__(self, name: _Optional[str] = ..., values: _Optional[_Iterable[_Union[_value_pb2.Item, _Mapping]]] = ...) -> None: ...

class SetAttributeResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PutPolicyRequest(_message.Message):
    __slots__ = ("version", "bundle")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    version: int
    bundle: bytes
    def __init__(self, version: _Optional[int] = ..., bundle: _Optional[bytes] = ...) -> None: ...

class PutPolicyResponse(_message.Message):
    __slots__ = ("engine",)
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    engine: str
    def __init__(self, engine: _Optional[str] = ...) -> None: ...

class RolloutRequest(_message.Message):
    __slots__ = ("steps", "oldest_version", "seed", "first_step", "deterministic", "with_distribution")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    OLDEST_VERSION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    FIRST_STEP_FIELD_NUMBER: _ClassVar[int]
    DETERMINISTIC_FIELD_NUMBER: _ClassVar[int]
    WITH_DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    steps: int
    oldest_version: int
    seed: int
    first_step: int
    deterministic: bool
    with_distribution: bool
    def __init__(self, steps: _Optional[int] = ..., oldest_version: _Optional[int] = ..., seed: _Optional[int] = ..., first_step: _Optional[int] = ..., deterministic: bool = ..., with_distribution: bool = ...) -> None: ...

class RolloutResponse(_message.Message):
    __slots__ = ("steps", "policy_version", "observations", "actions", "rewards", "terminated", "truncated", "resets", "final_observations", "log_probabilities", "samples", "distribution")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    REWARDS_FIELD_NUMBER: _ClassVar[int]
    TERMINATED_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    RESETS_FIELD_NUMBER: _ClassVar[int]
    FINAL_OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    LOG_PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    steps: int
    policy_version: int
    observations: _value_pb2.Buffers
    actions: _value_pb2.Buffers
    rewards: bytes
    terminated: bytes
    truncated: bytes
    resets: bytes
    final_observations: _value_pb2.Buffers
    log_probabilities: bytes
    samples: bytes
    distribution: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, steps: _Optional[int] = ..., policy_version: _Optional[int] = ..., observations: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ..., actions: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ..., rewards: _Optional[bytes] = ..., terminated: _Optional[bytes] = ..., truncated: _Optional[bytes] = ..., resets: _Optional[bytes] = ..., final_observations: _Optional[_Union[_value_pb2.Buffers, _Mapping]] = ..., log_probabilities: _Optional[bytes] = ..., samples: _Optional[bytes] = ..., distribution: _Optional[_Iterable[bytes]] = ...) -> None: ...

class DescribeSessionRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class CloseSessionRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class CloseSessionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
