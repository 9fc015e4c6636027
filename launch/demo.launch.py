"""Plays the shipped head-camera recording to the perception node.

Takes the arguments of annexe.launch.py too, except for those that say where a camera's images are: camera, image, depth
and camera_info.

ros2 launch annexe_ros demo.launch.py rviz:=true
ros2 run annexe_ros query_client "Which object does the right hand hold?"
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

SHARE = FindPackageShare("annexe_ros")


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "recording",
                default_value=PathJoinSubstitution([SHARE, "examples", "recordings", "head_camera"]),
                description="Folder of a recording or of scenes.",
            ),
            IncludeLaunchDescription(PathJoinSubstitution([SHARE, "launch", "annexe.launch.py"])),
            Node(
                package="annexe_ros",
                executable="camera_replay",
                name="camera_replay",
                namespace=LaunchConfiguration("namespace"),
                prefix=LaunchConfiguration("python"),
                parameters=[
                    PathJoinSubstitution([SHARE, "config", "camera_replay.yaml"]),
                    {"recording": ParameterValue(LaunchConfiguration("recording"), value_type=str)},
                ],
                output="screen",
            ),
        ]
    )
