"""Starts the interaction recognizer, which tells from motion what a hand does.

    ros2 launch annexe_ros interaction_recognizer.launch.py image:=/camera/color/image_raw
    ros2 topic echo /interaction_recognizer/event

For descriptions that tell events, give the perception node interaction_events:=/interaction_recognizer/event. Where
PyTorch lives in a virtual environment, name its interpreter: python:=$HOME/venv/bin/python
"""

import os

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

FASTDDS_VARIABLE = "FASTRTPS_DEFAULT_PROFILES_FILE"
CONFIG = PathJoinSubstitution([FindPackageShare("annexe_ros"), "config"])


def _recognizer(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the node; arguments that were left empty don't override the parameters file."""
    flag = LaunchConfiguration("use_sim_time")
    return [
        LifecycleNode(
            package="annexe_ros",
            executable="interaction_recognizer",
            name="interaction_recognizer",
            namespace=LaunchConfiguration("namespace"),
            prefix=LaunchConfiguration("python"),
            parameters=[
                LaunchConfiguration("params_file"),
                {"use_sim_time": ParameterValue(flag, value_type=bool)} if flag.perform(context) else {},
            ],
            remappings=[("image", LaunchConfiguration("image"))],
            output="screen",
        )
    ]


def generate_launch_description() -> LaunchDescription:
    profile = PathJoinSubstitution([CONFIG, "fastdds.xml"])
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "params_file",
                default_value=PathJoinSubstitution([CONFIG, "interaction_recognizer.yaml"]),
                description="Parameters of the node.",
            ),
            DeclareLaunchArgument("image", default_value="image", description="Topic of the camera's colour images."),
            DeclareLaunchArgument("namespace", default_value="", description="Namespace of the node."),
            DeclareLaunchArgument(
                "use_sim_time", default_value="", description="Take the time from /clock: true or false."
            ),
            DeclareLaunchArgument(
                "python", default_value="", description="Python interpreter with PyTorch; empty: the system's."
            ),
            # Without it Fast DDS loses most images; a profile of the user's own is left alone.
            *([] if FASTDDS_VARIABLE in os.environ else [SetEnvironmentVariable(FASTDDS_VARIABLE, profile)]),
            OpaqueFunction(function=_recognizer),
        ]
    )
