import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.msg", reason="the interfaces are not built")

from annexe_ros.core.errors import MissingDependencyError
from annexe_ros.ros.definitions import SEPARATOR, message_class, message_definition

pytestmark = pytest.mark.ros


def test_a_definition_brings_what_it_refers_to_once():
    first, *others = message_definition("annexe_ros/msg/InteractionAnswer").split(SEPARATOR)
    assert "string answer" in first
    names = [other.splitlines()[0] for other in others]
    assert len(names) == len(set(names))
    assert {"annexe_ros/InteractionObject", "std_msgs/Header", "builtin_interfaces/Time", "geometry_msgs/Point"} <= set(
        names
    )


@pytest.mark.parametrize("name", ["annexe_ros/msg/InteractionAnswer", "visualization_msgs/msg/MarkerArray"])
def test_another_reader_understands_it_as_ros_does(name):
    pytest.importorskip("rosbags", reason="rosbags is not installed")
    from rosbags.typesys import get_types_from_msg

    types = get_types_from_msg(message_definition(name), name)
    for type_name, (_, fields) in types.items():
        assert [field for field, _ in fields] == list(message_class(type_name).get_fields_and_field_types())


@pytest.mark.parametrize("name", ["nowhere_msgs/msg/Thing", "std_msgs/msg/Thing"])
def test_a_type_that_is_not_installed_is_told(name):
    with pytest.raises(MissingDependencyError, match=f"the message type {name} is not installed"):
        message_definition(name)
