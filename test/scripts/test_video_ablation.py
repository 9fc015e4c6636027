"""What the ablation of the clip encoder's training says of folders that aren't there."""

import sys

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("there", "sentence"),
    [((), "/validation: holds no clips"), (("validation",), "/stem': no scene model can be read")],
)
def test_a_missing_folder_is_told_before_any_training(there, sentence, tmp_path, monkeypatch, capsys):
    from video_ablation import main

    for name in there:
        (tmp_path / name / "annotations").mkdir(parents=True)
        (tmp_path / name / "annotations" / "C0.json").touch()
    folders = {"data": "data", "validation": "validation", "scene-model": "stem", "out": "out"}
    options = [f"--{option}={tmp_path / name}" for option, name in folders.items()]
    monkeypatch.setattr(sys, "argv", ["video_ablation.py", *options, f"--threads={torch.get_num_threads()}"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
