import pytest

from annexe_ros.core.errors import MissingDependencyError
from annexe_ros.data.scenes import render


@pytest.mark.parametrize("failure", [ImportError("no libEGL"), AttributeError("'NoneType' object has no attribute")])
def test_without_gl_one_sentence_says_what_to_install(monkeypatch, failure):
    def fail(width, height):
        raise failure

    monkeypatch.setattr(render, "_context", fail)
    with pytest.raises(MissingDependencyError, match="apt-get install libegl1 libgl1-mesa-dri"):
        render.Renderer(64, 48)
