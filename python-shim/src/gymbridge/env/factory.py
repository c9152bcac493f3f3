"""Making environments from the ids that a server was started with."""

from __future__ import annotations

import ctypes.util
import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

import gymnasium as gym

from gymbridge.errors import closest

Factory = Callable[..., Any]


class UnknownEnvironment(Exception):
    """An id for which there is no environment, or one whose package is missing; the message says what to do."""


def find_factory(env_id: str, vector_num_envs: int = 0) -> Factory:
    """What makes `env_id`: a registered id, "module:Id" or "module:function"; UnknownEnvironment if there is none.

    With `vector_num_envs` it makes a vector environment: an id's own, of that many lanes, or what the function gives.
    """
    module_name, colon, name = env_id.rpartition(":")
    if colon:
        factory = getattr(_import(module_name, env_id), name, None)
        if callable(factory):
            return factory  # type: ignore[no-any-return]
    try:
        spec = gym.spec(env_id)
    except gym.error.Error as error:
        if colon and name not in gym.registry:
            raise UnknownEnvironment(f"{module_name} has neither a function nor an environment {name!r}") from error
        raise UnknownEnvironment(f"{error}{closest(env_id, gym.registry)}") from error

    if vector_num_envs and spec.vector_entry_point is None:
        raise UnknownEnvironment(f"{env_id} has no vector_entry_point, so that --vector cannot serve it")

    def make(**kwargs: Any) -> Any:
        name = spec.id if not colon else env_id
        if vector_num_envs:
            return gym.make_vec(name, vector_num_envs, vectorization_mode="vector_entry_point", **kwargs)
        return gym.make(name, disable_env_checker=True, **kwargs)

    return make


def make_env(env_id: str, factory: Factory, kwargs: dict[str, Any]) -> Any:
    """One environment, or one vector environment.

    Raises whatever its constructor raises, and UnknownEnvironment, with the pip line, for missing packages.
    """
    try:
        return factory(**kwargs)
    except gym.error.DependencyNotInstalled as error:
        raise UnknownEnvironment(f"{env_id} needs a package that is missing: {error}{_pip_line(str(error))}") from error
    except ModuleNotFoundError as error:
        hint = _pip_line(str(error)) or f"; try: python -m pip install {error.name}"
        raise UnknownEnvironment(f"{env_id} needs a package that is missing: {error}{hint}") from error


def prepare_rendering() -> None:
    """Makes MuJoCo render without a screen on Linux, unless MUJOCO_GL says how. Before the first frame."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("MUJOCO_GL"):
        return
    if ctypes.util.find_library("EGL"):
        os.environ["MUJOCO_GL"] = "egl"
    elif ctypes.util.find_library("OSMesa"):
        os.environ["MUJOCO_GL"] = "osmesa"


def rendering_problem(env: Any) -> str | None:
    """Why this environment cannot render here and what to install, or None."""
    is_mujoco = any(base.__name__ == "MujocoEnv" for base in type(env.unwrapped).__mro__)
    if not is_mujoco or sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("MUJOCO_GL"):
        return None
    return "rendering needs EGL or OSMesa: apt install libegl1 libgl1-mesa-dri (or libosmesa6)"


def _import(module_name: str, env_id: str) -> Any:
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and module_name.startswith(error.name):
            raise UnknownEnvironment(
                f"{env_id}: there is no module {module_name}; it is looked for in the current directory and PYTHONPATH"
            ) from error
        raise UnknownEnvironment(f"{env_id} needs a package that is missing: {error}") from error


def _pip_line(message: str) -> str:
    for word, extra in (("mujoco", "mujoco"), ("imageio", "mujoco"), ("box2d", "box2d"), ("pygame", "classic-control")):
        if word in message.lower() and "pip install" not in message:
            return f'; install it: python -m pip install "gymnasium[{extra}]"'
    return ""
