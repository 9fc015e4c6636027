"""Clips that overlap: each frame is looked at once, and the clip is embedded as if all had been."""

import numpy as np
import pytest

from annexe_ros.video.seen_frames import SeenFrames
from annexe_ros.video.window import StampedClip


class Counting:
    """Sees a frame's mean, and embeds a clip as the means of its frames."""

    def __init__(self):
        self.looked_at = 0

    def see_frames(self, frames):
        self.looked_at += len(frames)
        return frames.mean(axis=(1, 2, 3), dtype=np.float32)[:, None, None, None]

    def embed_maps(self, maps):
        return maps.reshape(len(maps), -1)


def clip(stamps, greys=None):
    greys = stamps if greys is None else greys
    frames = np.stack([np.full((2, 2, 3), grey, np.uint8) for grey in greys])
    return StampedClip(frames, tuple(stamps))


def test_only_new_frames_are_looked_at():
    encoder = Counting()
    seen = SeenFrames(encoder)
    assert seen.embed(clip([10, 20, 30, 40])).tolist() == [10, 20, 30, 40]
    assert seen.embed(clip([30, 40, 50, 60])).tolist() == [30, 40, 50, 60]
    assert encoder.looked_at == 6
    assert seen.embed(clip([30, 40, 50, 60])).tolist() == [30, 40, 50, 60]
    assert encoder.looked_at == 6


def test_a_frame_that_is_shown_twice_is_looked_at_once():
    encoder = Counting()
    assert SeenFrames(encoder).embed(clip([10, 10, 20, 20])).tolist() == [10, 10, 20, 20]
    assert encoder.looked_at == 2


def test_what_left_the_clip_is_forgotten():
    seen = SeenFrames(Counting())
    for begin in range(0, 200, 10):
        seen.embed(clip([begin, begin + 10]))
    assert len(seen._maps) == 2


def test_after_a_jump_of_the_clock_nothing_is_taken_for_known():
    seen = SeenFrames(Counting())
    seen.embed(clip([30, 40, 50]))
    assert seen.embed(clip([20, 30, 40], greys=[1, 2, 3])).tolist() == [1, 2, 3]


@pytest.mark.model
def test_a_clip_encoder_embeds_the_same(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from tiny_encoder import FRAMES, write_tiny_encoder

    from annexe_ros.video.encoder import ClipEncoder

    encoder = ClipEncoder.load(write_tiny_encoder(tmp_path))
    seen, film = (
        SeenFrames(encoder),
        np.random.default_rng(0).integers(0, 255, (FRAMES + 2, 16, 16, 3)).astype(np.uint8),
    )
    for begin in range(3):
        frames = film[begin : begin + FRAMES]
        vector = seen.embed(StampedClip(frames, tuple(range(begin, begin + FRAMES))))
        assert vector == pytest.approx(encoder.embed_clips([frames])[0], abs=1e-6)
