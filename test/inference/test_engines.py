import sys
from pathlib import Path

import pytest

from annexe_ros.core import EngineKind
from annexe_ros.core.errors import EngineError, MissingDependencyError
from annexe_ros.inference import create_engine


def test_an_unknown_engine_is_refused_with_those_there_are():
    with pytest.raises(EngineError, match="unknown engine 'oracle'; there are: annexe, vlm_sam"):
        create_engine("oracle")


def test_the_scripted_engine_ignores_the_name_of_a_model():
    engine = create_engine("scripted", "annexe-scenes")
    assert (engine.engine, engine.model) == ("scripted", "default")


def test_the_scripted_engine_follows_a_file(tmp_path):
    path = tmp_path / "nothing_there.json"
    path.write_text('{"otherwise": {"targets": []}}')
    assert create_engine(EngineKind.SCRIPTED, path).model == "nothing_there"


@pytest.mark.parametrize("library", ["torch", "transformers"])
def test_a_missing_library_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, library: str):
    (tmp_path / "config.json").write_text("{}")
    heavy = ("annexe_ros.inference.annexe", "annexe_ros.model")
    for module in [name for name in sys.modules if name.startswith(heavy)]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingDependencyError, match=rf"'{library}'.*pip install torch"):
        create_engine("annexe", tmp_path)
