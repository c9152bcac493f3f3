"""Turns `serve-policy`'s argument into a policy."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from gymbridge.policy.base import Actor, FunctionActor, StableBaselines3Actor
from gymbridge.policy.network import NetworkActor, NetworkError
from gymbridge.serving import StartError


def load_actor(what: str, observation_space: Any, action_space: Any, seed: int | None) -> tuple[Actor, str]:
    """The policy and its default name; StartError, saying what to do, where there is none."""
    path = Path(what)
    if path.suffix in (".npz", ".zip"):
        if not path.is_file():
            raise StartError(f"there is no file {what}")
        if path.suffix == ".zip":
            return _load_stable_baselines3(path), path.stem
        try:
            return NetworkActor(path, observation_space, action_space, seed), path.stem
        except NetworkError as error:
            raise StartError(f"{what}: {error}") from error
    module_name, colon, name = what.rpartition(":")
    if not colon:
        raise StartError(f"{what!r} is no policy; use module:function, file.py:function, a .npz network or an SB3 .zip")
    module = _load_file(Path(module_name)) if module_name.endswith(".py") else _import(module_name)
    function = getattr(module, name, None)
    if not callable(function):
        raise StartError(f"{module_name} has no function {name!r}")
    source = Path(getattr(module, "__file__", None) or "")
    version = hashlib.sha256(source.read_bytes()).hexdigest()[:12] if source.is_file() else "unknown"
    return FunctionActor(function, version), name


def _load_file(path: Path) -> Any:
    if not path.is_file():
        raise StartError(f"there is no file {path}")
    sys.path.insert(0, str(path.absolute().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise StartError(f"{error}; modules are looked for in the current directory and PYTHONPATH") from error


def _load_stable_baselines3(path: Path) -> Actor:
    try:
        import stable_baselines3
    except ModuleNotFoundError as error:
        raise StartError(f"{path} needs Stable-Baselines3: python -m pip install stable-baselines3") from error
    print(f"gymbridge: warning: loading {path} runs code from it (pickle): only load files you trust", file=sys.stderr)
    try:
        with zipfile.ZipFile(path) as archive:
            settings = json.loads(archive.read("data"))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise StartError(f"{path} is not a model that Stable-Baselines3 saved: {error}") from error
    model = getattr(stable_baselines3, _algorithm(settings)).load(str(path), device="cpu")
    return StableBaselines3Actor(model, hashlib.sha256(path.read_bytes()).hexdigest()[:12])


def _algorithm(settings: dict[str, Any]) -> str:
    """The class that saved a model, told by the settings that only it has."""
    for key, name in (
        ("clip_range", "PPO"),
        ("exploration_fraction", "DQN"),
        ("target_entropy", "SAC"),
        ("target_policy_noise", "TD3"),
    ):
        if key in settings:
            return name
    return "A2C"
