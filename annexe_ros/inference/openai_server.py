"""A language model behind any server that speaks OpenAI's chat completions, such as vLLM, SGLang and Ollama.

Text is streamed. A server that can't be reached, is busy or breaks off is asked again after growing pauses; one that
refuses is not. A caller who gives up is let go at once, whatever the server does. The key comes from the environment.
"""

from __future__ import annotations

import base64
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import openai

from annexe_ros.core import Frame
from annexe_ros.core.errors import EngineError
from annexe_ros.inference.hub import first_line
from annexe_ros.inference.vlm_sam.engine import DialogueEngine
from annexe_ros.inference.vlm_sam.grounding import grounder_of
from annexe_ros.inference.vlm_sam.language import Listener, Turn, chat
from annexe_ros.inference.vlm_sam.settings import Coordinates, OpenAISettings, ResponseFormat, read_settings

ENGINE_NAME = "openai"
NO_KEY = "none"
"""Servers on one's own machines take any key, and the client insists on one."""

POLL_S = 0.05
"""How often a caller who has given up is noticed while the server says nothing [s]."""


class _UnavailableError(Exception):
    """The server may do better a moment later; the text goes on after its name."""


class OpenAILanguageModel:
    """A ``LanguageModel`` behind a server."""

    def __init__(self, settings: OpenAISettings) -> None:
        """Prepare the client; the server needn't be there yet."""
        self._settings = settings
        self._client = openai.OpenAI(
            base_url=settings.base_url,
            api_key=os.environ.get(settings.api_key_variable) or NO_KEY,
            timeout=openai.Timeout(settings.timeout_s, connect=settings.connect_timeout_s),
            max_retries=0,
        )
        self._sent: tuple[Frame, str] | None = None

    @property
    def name(self) -> str:
        """The server's name of the model."""
        return self._settings.model

    def warm_up(self, frame: Frame) -> None:
        """Nothing: a node starts without its server, and the server keeps warm by itself."""

    def box_extent(self, frame: Frame) -> tuple[float, float]:
        """Return what the model counts up to along (x, y): thousandths, unless the settings say pixels."""
        if self._settings.coordinates is Coordinates.PIXELS:
            return _size_sent(frame, self._settings.max_image_side)
        return 1000.0, 1000.0

    def say(
        self, frame: Frame, turns: Sequence[Turn], listen: Listener, check: Callable[[], None], form: Any = None
    ) -> str:
        """Return the next turn, if need be after further attempts; raises ``EngineError`` when none succeeded."""
        settings, request = self._settings, self._request(frame, turns, form)
        pauses = [min(settings.backoff_s * 2**k, settings.max_backoff_s) for k in range(settings.retries)]
        for pause in pauses:
            try:
                return self._attempt(request, listen, check)
            except _UnavailableError:
                _wait(pause, check)
        try:
            return self._attempt(request, listen, check)
        except _UnavailableError as error:
            times = f", in {len(pauses) + 1} attempts" if pauses else ""
            raise EngineError(f"the server at {settings.base_url} {error}{times}") from error

    def release_device(self) -> None:
        """Leave the server as it is: its memory is its own."""

    claim_device = release_device

    def close(self) -> None:
        """Close the connections."""
        self._sent = None
        self._client.close()

    def _request(self, frame: Frame, turns: Sequence[Turn], form: Any) -> dict[str, Any]:
        if self._sent is None or self._sent[0] is not frame:
            self._sent = frame, _data_url(frame, self._settings.max_image_side, self._settings.jpeg_quality)
        image = {"type": "image_url", "image_url": {"url": self._sent[1]}}
        return {
            "model": self._settings.model,
            "messages": chat(turns, image),
            "max_tokens": self._settings.max_new_tokens,
            "temperature": self._settings.temperature,
            "stream": True,
        } | _held_to(form, self._settings.response_format)

    def _attempt(self, request: dict[str, Any], listen: Listener, check: Callable[[], None]) -> str:
        """Return the whole text of one reply; raises what ``_told`` makes of the client's errors."""
        reading, text = _Reading(self._client, request), ""
        try:
            while (piece := reading.next(check, self._settings.timeout_s)) is not None:
                if isinstance(piece, Exception):
                    raise self._told(piece) from piece
                text += piece
                listen(text)
        finally:
            reading.stop()
        return text

    def _told(self, error: Exception) -> Exception:
        """Return what an error of the client means."""
        settings = self._settings
        match error:
            case TimeoutError() | openai.APITimeoutError():
                return _UnavailableError(f"said nothing for {settings.timeout_s:.1f} s")
            case openai.APIConnectionError():
                return _UnavailableError(f"can't be reached or broke off ({first_line(error.__cause__ or error)})")
            case openai.RateLimitError() | openai.InternalServerError():
                return _UnavailableError(f"answered with status {error.status_code} ({first_line(error)})")
            case openai.AuthenticationError() | openai.PermissionDeniedError():
                why = f"refused the key in {settings.api_key_variable} (status {error.status_code})"
            case openai.NotFoundError():
                why = f"has no model '{settings.model}' (status 404)"
            case openai.APIStatusError():
                why = f"refused the question with status {error.status_code} ({first_line(error)})"
            case _:
                return _UnavailableError(f"broke off ({first_line(error)})")
        return EngineError(f"the server at {settings.base_url} {why}")


class _Reading:
    """Reads one streamed reply in a thread of its own, so that whoever waits for it can leave."""

    def __init__(self, client: openai.OpenAI, request: dict[str, Any]) -> None:
        self._arrived: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        threading.Thread(target=self._read, args=(client, request), name="annexe-openai", daemon=True).start()

    def next(self, check: Callable[[], None], timeout_s: float) -> str | Exception | None:
        """Return the next piece of text, the error that it ended with, or None at its end; ``check`` runs meanwhile."""
        end = time.monotonic() + timeout_s
        while True:
            check()
            try:
                return self._arrived.get(timeout=POLL_S)
            except queue.Empty:
                if time.monotonic() > end:
                    return TimeoutError()

    def stop(self) -> None:
        """Read no further: the connection is closed with the next piece, or when its time is over."""
        self._stopped.set()

    def _read(self, client: openai.OpenAI, request: dict[str, Any]) -> None:
        try:
            self._arrived.put(None if self._read_all(client, request) else ConnectionError("in the middle of a reply"))
        except Exception as error:  # carried to whoever waits, as it is
            self._arrived.put(error)

    def _read_all(self, client: openai.OpenAI, request: dict[str, Any]) -> bool:
        """Pass the pieces on; tell whether the server said that it had finished."""
        finished = False
        with client.chat.completions.create(**request) as stream:
            for choice in (chunk.choices[0] for chunk in stream if chunk.choices):
                if self._stopped.is_set():
                    return False
                self._arrived.put(choice.delta.content or "")  # a model that thinks before it speaks is not silent
                finished = finished or choice.finish_reason is not None
        return finished


def _wait(seconds: float, check: Callable[[], None]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        check()
        time.sleep(min(left, POLL_S))


def _held_to(form: Any, wanted: ResponseFormat) -> dict[str, Any]:
    """Return what tells a server to hold its reply to a JSON schema, as far as it shall be told."""
    if form is None or wanted is ResponseFormat.NONE:
        return {}
    if wanted is ResponseFormat.JSON_OBJECT:
        return {"response_format": {"type": "json_object"}}
    schema = {"name": "grounded_answer", "strict": True, "schema": form}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _size_sent(frame: Frame, max_side: int) -> tuple[int, int]:
    scale = min(1.0, max_side / max(frame.width, frame.height))
    return max(1, round(frame.width * scale)), max(1, round(frame.height * scale))


def _data_url(frame: Frame, max_side: int, quality: int) -> str:
    """Return the image as JPEG in a URL."""
    size = _size_sent(frame, max_side)
    image = cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR)
    if size != (frame.width, frame.height):
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


def open_openai(settings: str | Path | OpenAISettings, device: str = "auto") -> DialogueEngine:
    """Return the engine ``openai``: language from a server, grounding here.

    Args:
        settings: the file, or what it says.
        device: where the grounder runs; without one it isn't looked at.

    Raises ``ParameterError`` for settings, and what ``load_grounder`` raises. The server isn't called yet.
    """
    if not isinstance(settings, OpenAISettings):
        settings = read_settings(settings, OpenAISettings)
    return DialogueEngine(ENGINE_NAME, OpenAILanguageModel(settings), grounder_of(settings, device), settings)
