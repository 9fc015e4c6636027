"""What decides how an engine on another machine is reached: the YAML that is given as ``model`` of engine ``remote``.

Each setting is declared once, with its meaning and range; checks and the table in ``docs/serving.md`` come from that.
"""

from __future__ import annotations

import json
import os
import socket
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from annexe_ros.core.errors import ParameterError
from annexe_ros.inference.remote.pictures import Encoding
from annexe_ros.inference.remote.wire import MAX_ROBOT_CHARACTERS

SCHEMES = ("http", "https")


def _setting(meaning: str, low: float | None = None, high: float | None = None, **default: Any) -> Any:
    return field(metadata={"meaning": meaning, "low": low, "high": high}, **default)


@dataclass(frozen=True)
class RemoteSettings:
    """How the server is reached. Raises ``ParameterError`` for values that aren't allowed."""

    url: str = _setting("where `annexe serve` listens, e.g. `http://gpu-box:8000`; `https` where it has a certificate")
    token_env: str = _setting("environment variable that holds the token; empty: look at `token_file`", default="")
    token_file: str = _setting("file that holds the token; both empty: none is sent", default="")
    robot: str = _setting("who asks, robots take turns; empty: the name of this machine", default="")
    timeout_s: float = _setting("time for one query, waiting and retries included [s]", 0.1, 3600, default=30.0)
    connect_timeout_s: float = _setting("time for reaching the server [s]", 0.1, 60, default=3.0)
    retries: int = _setting("further tries when the server is gone or busy", 0, 100, default=5)
    backoff_s: float = _setting("pause before the first retry, doubled before each further one [s]", 0, 60, default=0.2)
    backoff_limit_s: float = _setting("longest pause between tries [s]", 0, 600, default=3.0)
    image_encoding: str = _setting("`jpeg`, or `png` and `raw`, which lose nothing", default="jpeg")
    jpeg_quality: int = _setting("quality of `jpeg`", 1, 100, default=92)
    send_depth: bool = _setting("send depth too; engines without a contact map tell by it who touches", default=True)
    ca_file: str = _setting("certificates to trust for `https`; empty: the system's", default="")

    def __post_init__(self) -> None:
        for item in fields(self):
            _check(item.name, getattr(self, item.name), item.type, item.metadata)
        if not _names_a_server(self.url):
            raise ParameterError(f"url '{self.url}' must be like http://host:8000")
        if self.image_encoding not in tuple(Encoding):
            raise ParameterError(f"image_encoding '{self.image_encoding}' must be one of {', '.join(Encoding)}")
        if len(self.robot_name) > MAX_ROBOT_CHARACTERS:
            raise ParameterError(f"robot '{self.robot_name}' has more than {MAX_ROBOT_CHARACTERS} characters")

    @classmethod
    def from_file(cls, path: Path | str) -> RemoteSettings:
        """Read a YAML file; raises ``ParameterError`` for unknown, missing and impossible settings."""
        try:
            found = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ParameterError(f"settings '{path}' can't be read ({' '.join(str(error).split())})") from error
        if not isinstance(found, dict):
            raise ParameterError(f"settings '{path}' must be a YAML mapping with 'url' at least")
        known = [item.name for item in fields(cls)]
        if unknown := sorted(map(str, found.keys() - set(known))):
            raise ParameterError(f"settings '{path}': unknown {', '.join(unknown)}; there are: {', '.join(known)}")
        if "url" not in found:
            raise ParameterError(f"settings '{path}' must name the server's url")
        return cls(**found)

    @property
    def robot_name(self) -> str:
        """Who asks."""
        return self.robot or socket.gethostname()[:MAX_ROBOT_CHARACTERS] or "robot"

    def token(self) -> str:
        """Return the token, or nothing where none is set; raises ``ParameterError`` where it isn't to be had."""
        return read_token(self.token_env, self.token_file)


def read_token(variable: str, file: str) -> str:
    """Return the token that an environment variable or a file holds; nothing where neither is named.

    Raises ``ParameterError`` for an empty variable or file, and where both are named.
    """
    if variable and file:
        raise ParameterError(f"the token is to come from variable {variable} or from file {file}, not from both")
    if variable:
        return _present(os.environ.get(variable, ""), f"environment variable {variable}")
    if file:
        try:
            return _present(Path(file).read_text(encoding="ascii"), f"token file '{file}'")
        except (OSError, UnicodeDecodeError) as error:
            raise ParameterError(f"token file '{file}' can't be read ({error})") from error
    return ""


def settings_table() -> str:
    """Return the settings as a table in Markdown."""
    rows = ["| setting | default | range | meaning |", "|---|---|---|---|"]
    for item in fields(RemoteSettings):
        default = "required" if item.default is MISSING else f"`{json.dumps(item.default)}`"
        low, high = item.metadata["low"], item.metadata["high"]
        reach = "" if low is None else f"{low} to {high}"
        rows.append(f"| `{item.name}` | {default} | {reach} | {item.metadata['meaning']} |")
    return "\n".join(rows) + "\n"


def _names_a_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for one that can't be
    except ValueError:
        return False
    return parts.scheme in SCHEMES and bool(parts.hostname) and not parts.query and not parts.fragment


def _present(token: str, whence: str) -> str:
    token = token.strip()
    if not token or not token.isascii() or any(character.isspace() for character in token):
        raise ParameterError(f"{whence} must hold a token: ASCII characters without white space")
    return token


_KINDS: dict[Any, tuple[type, ...]] = {"str": (str,), "float": (float, int), "int": (int,), "bool": (bool,)}


def _check(name: str, value: Any, kind: Any, metadata: Any) -> None:
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "bool"):
        raise ParameterError(f"setting '{name}' must be of type {kind}, not {value!r}")
    low, high = metadata["low"], metadata["high"]
    if low is not None and not low <= value <= high:
        raise ParameterError(f"setting '{name}' must be {low} to {high}, not {value}")
