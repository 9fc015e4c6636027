"""Names of devices: those that are there are taken, all others are refused before anything is moved to them."""

from __future__ import annotations

import pytest

from annexe_ros.core.errors import EngineError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


@pytest.fixture
def device_named(monkeypatch):
    """Return the function, on a machine with two CUDA devices."""
    from annexe_ros.inference import placement

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    return placement.device_named


@pytest.mark.parametrize("name", ["cpu", "cpu:0", "cuda", "cuda:0", "cuda:1"])
def test_a_device_that_is_there_is_taken(device_named, name):
    assert device_named(name) == torch.device(name)


def test_the_device_of_a_mac_is_taken_where_there_is_one(device_named, monkeypatch):
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    assert device_named("mps") == torch.device("mps")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cuda:2", "device 'cuda:2' was asked for, but PyTorch finds 2 CUDA devices"),
        ("cuda:256", "PyTorch finds 2 CUDA devices"),
        ("cpu:3", "PyTorch finds 1 CPU device$"),
        ("mps", "PyTorch finds no MPS device$"),
        ("meta", "unknown device 'meta'; use auto, cpu, cuda or cuda:N"),
        ("xpu", "unknown device 'xpu'"),
        ("cuda:-1", "unknown device 'cuda:-1'"),
        ("", "unknown device ''"),
    ],
)
def test_a_device_that_is_not_there_is_refused(device_named, name, sentence):
    with pytest.raises(EngineError, match=sentence):
        device_named(name)
