"""Starts the step tracker, which follows somebody who goes through a procedure.

    ros2 launch annexe_ros step_tracker.launch.py model:=runs/tea-tracker image:=/camera/color/image_raw
    ros2 topic echo /step_tracker/forecast

With recording:=FOLDER a recording is played to it as a camera. Where PyTorch lives in a virtual environment, name its
interpreter: python:=$HOME/venv/bin/python
"""

import os

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution, PythonExpression
from launch_ros.actions import LifecycleNode, Node
from launch_ros.substitutions import FindPackageShare

FASTDDS_VARIABLE = "FASTRTPS_DEFAULT_PROFILES_FILE"
CONFIG = PathJoinSubstitution([FindPackageShare("annexe_ros"), "config"])
ARGUMENTS = {
    "model": ("", "Folder of a step tracker, as 'annexe train-tracker' writes it."),
    "demonstration": ("", "Folder of a recording with steps.json, to tell the place in; empty: none."),
    "image": ("image", "Topic of the camera's colour images."),
    "recording": ("", "Folder of a recording to play as the camera; empty: none."),
    "namespace": ("", "Namespace of the nodes."),
    "use_sim_time": ("false", "Take the time from /clock."),
    "python": ("", "Python interpreter with PyTorch; empty: the system's."),
}


def generate_launch_description() -> LaunchDescription:
    params_file = PathJoinSubstitution([CONFIG, "step_tracker.yaml"])
    profile = PathJoinSubstitution([CONFIG, "fastdds.xml"])
    return LaunchDescription(
        [
            DeclareLaunchArgument("params_file", default_value=params_file, description="Parameters of the node."),
            *(
                DeclareLaunchArgument(name, default_value=default, description=description)
                for name, (default, description) in ARGUMENTS.items()
            ),
            # Without it Fast DDS loses most images; a profile of the user's own is left alone.
            *([] if FASTDDS_VARIABLE in os.environ else [SetEnvironmentVariable(FASTDDS_VARIABLE, profile)]),
            LifecycleNode(
                package="annexe_ros",
                executable="step_tracker",
                name="step_tracker",
                namespace=LaunchConfiguration("namespace"),
                prefix=LaunchConfiguration("python"),
                parameters=[
                    LaunchConfiguration("params_file"),
                    {name: LaunchConfiguration(name) for name in ("model", "demonstration", "use_sim_time")},
                ],
                remappings=[("image", LaunchConfiguration("image"))],
                output="screen",
            ),
            Node(
                package="annexe_ros",
                executable="camera_replay",
                name="camera_replay",
                namespace=LaunchConfiguration("namespace"),
                prefix=LaunchConfiguration("python"),
                parameters=[
                    PathJoinSubstitution([CONFIG, "camera_replay.yaml"]),
                    {"recording": LaunchConfiguration("recording")},
                ],
                remappings=[("image", LaunchConfiguration("image"))],
                condition=IfCondition(PythonExpression(["'", LaunchConfiguration("recording"), "' != ''"])),
                output="screen",
            ),
        ]
    )
