"""``recording:=`` of launch files, with stand-ins for launch and launch_ros: the folder is taken as it is written."""

import pytest
from launch_stand_ins import names_of


def replay(monkeypatch, name):
    description = names_of(monkeypatch, name)["generate_launch_description"]()
    (node,) = (part for part in description if isinstance(part, dict) and part["executable"] == "camera_replay")
    return node


@pytest.mark.parametrize("name", ["demo.launch.py", "step_tracker.launch.py"])
def test_a_folder_whose_name_is_a_number_or_date_stays_a_text(monkeypatch, name):
    assert replay(monkeypatch, name)["parameters"][-1] == {"recording": (str, "recording")}


def test_a_folder_is_played_whatever_its_name_has_in_it(monkeypatch):
    assert replay(monkeypatch, "step_tracker.launch.py")["condition"] == ("recording", "!=", "")
