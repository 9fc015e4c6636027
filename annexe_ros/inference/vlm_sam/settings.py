"""What can be set of the engines ``vlm_sam`` and ``openai``: one YAML or JSON file, named by the parameter ``model``.

Every key, type and range is checked here, once, and told in one sentence. Whether a model of that name exists, and
whether a server answers, is found out by who loads or calls it.
"""

from __future__ import annotations

import enum
import json
import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import NoneType
from typing import Any, ClassVar, TypeVar

import yaml

from annexe_ros.core.errors import ParameterError

SUFFIXES = (".yaml", ".yml", ".json")
MAX_TARGETS = 16


class Precision(enum.StrEnum):
    """How the weights of a language model are held; AUTO is what its checkpoint says."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


class Coordinates(enum.StrEnum):
    """What the numbers of a box mean: Qwen3-VL counts in thousandths of the image, Qwen2.5-VL in pixels."""

    AUTO = "auto"
    THOUSANDTHS = "thousandths"
    PIXELS = "pixels"


class ResponseFormat(enum.StrEnum):
    """What a server is asked to hold its reply to; not every server takes it."""

    NONE = "none"
    JSON_OBJECT = "json_object"
    JSON_SCHEMA = "json_schema"


@dataclass(frozen=True)
class DialogueSettings:
    """What both engines share; ``example`` is the file that is shipped.

    Attributes:
        grounder: folder or hub id of a SAM 3 or SAM 2.1; empty: targets are the boxes that the language model gave.
        vocabulary: names that targets may have besides the hands; empty: any name.
        max_targets: a reply that names more is refused.
        mask_threshold: probability from which a pixel is a target's.
        instance_threshold: score from which what SAM 3 finds by name counts.
        coordinates: what the language model's boxes are counted in.
        max_new_tokens: longest text of one step.
        hand_side: correct left and right by geometry.
    """

    example: ClassVar[str]

    grounder: str = ""
    vocabulary: tuple[str, ...] = ()
    max_targets: int = 4
    mask_threshold: float = 0.5
    instance_threshold: float = 0.3
    coordinates: Coordinates = Coordinates.AUTO
    max_new_tokens: int = 512
    hand_side: bool = True

    def __post_init__(self) -> None:
        self._in_range("max_targets", 1, MAX_TARGETS)
        self._in_range("mask_threshold", 0.0, 1.0)
        self._in_range("instance_threshold", 0.0, 1.0)
        self._in_range("max_new_tokens", 16, 8192)

    def _in_range(self, name: str, low: float, high: float) -> None:
        value = getattr(self, name)
        if not low <= value <= high:
            raise ParameterError(f"'{name}' is {value}; it must be from {low} to {high}")

    def _not_empty(self, name: str) -> None:
        if not getattr(self, name):
            raise ParameterError(f"'{name}' is missing")


@dataclass(frozen=True)
class VlmSamSettings(DialogueSettings):
    """Settings of the engine ``vlm_sam``.

    Attributes:
        vlm: folder or hub id of a Qwen3-VL or Qwen2.5-VL of any size.
        adapter: folder or hub id of LoRA weights for it (peft); empty: none.
        dtype: how its weights are held.
    """

    example = "config/engines/vlm_sam.yaml"

    vlm: str = ""
    adapter: str = ""
    dtype: Precision = Precision.AUTO

    def __post_init__(self) -> None:
        super().__post_init__()
        self._not_empty("vlm")


@dataclass(frozen=True)
class OpenAISettings(DialogueSettings):
    """Settings of the engine ``openai``. A key is never written in the file.

    Attributes:
        base_url: of the server, e.g. ``http://gpu-box:8000/v1``.
        model: the name under which the server has its model.
        api_key_variable: name of the environment variable that holds the key; not set: no key is sent.
        timeout_s: longest silence of the server [s].
        connect_timeout_s: longest time until the server takes the connection [s].
        retries: attempts after the first one, when the server can't be reached, is busy or breaks off.
        backoff_s: pause before the first of them [s]; each further one is twice as long, up to ``max_backoff_s``.
        response_format: what the server is asked to hold the answer's form to.
        max_image_side: a larger image is made smaller before it is sent [pixels].
        jpeg_quality: of the image that is sent.
        temperature: 0 for the likeliest words.
    """

    example = "config/engines/openai.yaml"

    base_url: str = ""
    model: str = ""
    api_key_variable: str = "OPENAI_API_KEY"
    timeout_s: float = 30.0
    connect_timeout_s: float = 3.0
    retries: int = 4
    backoff_s: float = 0.5
    max_backoff_s: float = 8.0
    response_format: ResponseFormat = ResponseFormat.NONE
    max_image_side: int = 1280
    jpeg_quality: int = 92
    temperature: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._not_empty("base_url")
        self._not_empty("model")
        if not self.base_url.startswith(("http://", "https://")):
            raise ParameterError(f"'base_url' is '{self.base_url}'; it must begin with http:// or https://")
        for name in ("timeout_s", "connect_timeout_s"):
            self._in_range(name, 0.05, 3600.0)
        for name in ("backoff_s", "max_backoff_s"):
            self._in_range(name, 0.0, 600.0)
        self._in_range("retries", 0, 100)
        self._in_range("max_image_side", 64, 8192)
        self._in_range("jpeg_quality", 1, 100)
        self._in_range("temperature", 0.0, 2.0)


Settings = TypeVar("Settings", bound=DialogueSettings)


def read_settings(path: str | Path, kind: type[Settings]) -> Settings:
    """Return the settings of a YAML or JSON file; raises ``ParameterError`` for what can't be read or isn't allowed."""
    path = Path(path).expanduser()
    if path.suffix not in SUFFIXES:
        wanted = f"a file of settings as its model ({', '.join(SUFFIXES)}; see {kind.example})"
        raise ParameterError(f"this engine wants {wanted}, not '{path}'")
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise ParameterError(f"{path}: can't be read ({error.strerror})") from error
    except (ValueError, yaml.YAMLError) as error:
        raise ParameterError(f"{path}: is not {path.suffix[1:].upper()} ({' '.join(str(error).split())})") from error
    try:
        return settings_from(data, kind)
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from error


def settings_from(data: Any, kind: type[Settings]) -> Settings:
    """Return settings from a mapping of names to values; raises ``ParameterError``."""
    if not isinstance(data, Mapping):
        raise ParameterError(f"settings are names with values, not {type(data).__name__}")
    hints, known = typing.get_type_hints(kind), [item.name for item in fields(kind)]
    for name in data:
        if name not in known:
            raise ParameterError(f"unknown setting '{name}'; there are: {', '.join(known)}")
    return kind(**{name: _checked(name, value, hints[name]) for name, value in data.items()})


def _checked(name: str, value: Any, wanted: Any) -> Any:
    """Return ``value`` as the type that is wanted of it."""
    if typing.get_origin(wanted) is tuple:
        return _texts(name, value)
    if isinstance(wanted, type) and issubclass(wanted, enum.StrEnum):
        return _choice(name, value, wanted)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not wanted or (wanted is float and not math.isfinite(value)):
        given = "nothing" if value is None else f"{type(value).__name__} {value!r}"
        raise ParameterError(f"'{name}' must be {_NAMES[wanted]}, not {given}")
    return value


_NAMES: dict[type, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false", NoneType: ""}


def _choice(name: str, value: Any, kind: type[enum.StrEnum]) -> enum.StrEnum:
    if value not in tuple(kind):
        raise ParameterError(f"'{name}' is '{value}'; it must be one of: {', '.join(kind)}")
    return kind(value)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise ParameterError(f"'{name}' must be a list of texts, not {value!r}")
    return tuple(value)
