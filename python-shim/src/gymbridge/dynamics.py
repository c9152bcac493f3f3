"""MuJoCo tasks whose bodies or world are changed, while spaces and reward stay those of the task.

A reward that was learned on the task itself can be tried on these: one that describes what is wanted is worth as much
there, and one that describes the expert's movements is not. Offered by `serve-env gymbridge.dynamics:NAME`; keyword
arguments that are not named here are those of `gymnasium.make`.
"""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym

_CHEETAH = "HalfCheetah-v5"
_CHEETAH_LEGS = {"front": ("fthigh", "fshin"), "back": ("bthigh", "bshin")}
# The numbers that Gymnasium's ant.xml gives the joints of its legs.
_ANT_LEGS = {"front": (1, 2), "back": (3, 4), "left": (1, 3), "right": (2, 4)}
# A motor's gear that moves next to nothing, beside 30 to 150.
_WEAK_GEAR = 1.0


def half_cheetah_disabled(leg: str = "front", **kwargs: Any) -> gym.Env[Any, Any]:
    """HalfCheetah-v5 with weak motors in the thigh and the shin of one leg, "front" or "back"; its foot works."""
    joints = _choice("leg", leg, _CHEETAH_LEGS)

    def disable(model: Any) -> None:
        for joint in joints:
            model.actuator(joint).gear[0] = _WEAK_GEAR

    return _changed(_CHEETAH, disable, kwargs)


def half_cheetah_gravity(factor: float = 0.5, **kwargs: Any) -> gym.Env[Any, Any]:
    """HalfCheetah-v5 with gravity multiplied by `factor`, 0 or more."""
    if not 0 <= factor < float("inf"):
        raise ValueError(f"factor must be 0 or more, got {factor}")

    def pull(model: Any) -> None:
        model.opt.gravity *= factor

    return _changed(_CHEETAH, pull, kwargs)


def half_cheetah_mass(factor: float = 2.0, **kwargs: Any) -> gym.Env[Any, Any]:
    """HalfCheetah-v5 with all masses and moments of inertia multiplied by `factor`, more than 0."""
    if not 0 < factor < float("inf"):
        raise ValueError(f"factor must be more than 0, got {factor}")

    def weigh(model: Any) -> None:
        model.body_mass *= factor
        model.body_inertia *= factor

    return _changed(_CHEETAH, weigh, kwargs)


def ant_disabled(legs: str = "front", length: float = 0.5, **kwargs: Any) -> gym.Env[Any, Any]:
    """Ant-v5 with weak motors in two legs, which are shorter besides, as in the AIRL paper's quadruped.

    `legs` are "front", "back", "left" or "right"; `length`, in (0, 1], is that of their parts beside the others'.
    """
    numbers = _choice("legs", legs, _ANT_LEGS)
    if not 0 < length <= 1:
        raise ValueError(f"length must lie in (0, 1], got {length}")
    from gymnasium.envs.mujoco.mujoco_env import expand_model_path

    tree = ElementTree.parse(expand_model_path("ant.xml"))
    for number in numbers:
        for joint in (f"hip_{number}", f"ankle_{number}"):
            motor = tree.find(f".//motor[@joint='{joint}']")
            assert motor is not None
            motor.set("gear", str(_WEAK_GEAR))
        leg = tree.find(f".//body[@name='aux_{number}']/..")
        assert leg is not None
        for part in leg.iter():
            name = {"body": "pos", "geom": "fromto"}.get(part.tag, "")
            if name in part.attrib:
                part.set(name, " ".join(str(float(number) * length) for number in part.attrib[name].split()))
    with tempfile.TemporaryDirectory(prefix="gymbridge-") as directory:
        path = Path(directory) / "ant.xml"
        tree.write(path)
        return _make("Ant-v5", {**kwargs, "xml_file": str(path)})


def _choice(name: str, value: str, choices: dict[str, Any]) -> Any:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
    return choices[value]


def _changed(env_id: str, change: Callable[[Any], None], kwargs: dict[str, Any]) -> gym.Env[Any, Any]:
    """The task with its model changed, and what MuJoCo derives from the model computed anew."""
    env = _make(env_id, kwargs)
    import mujoco

    simulation: Any = env.unwrapped
    change(simulation.model)
    mujoco.mj_setConst(simulation.model, simulation.data)
    return env


def _make(env_id: str, kwargs: dict[str, Any]) -> gym.Env[Any, Any]:
    return gym.make(env_id, disable_env_checker=True, **kwargs)
