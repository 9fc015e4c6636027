"""Starts the step tracker, which follows somebody who goes through a procedure.

    ros2 launch annexe_ros step_tracker.launch.py model:=runs/tea-tracker image:=/camera/color/image_raw
    ros2 topic echo /step_tracker/forecast

With recording:=FOLDER a recording is played to it as a camera. Where PyTorch lives in a virtual environment, name its
interpreter: python:=$HOME/venv/bin/python
"""

import os

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, NotEqualsSubstitution, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

FASTDDS_VARIABLE = "FASTRTPS_DEFAULT_PROFILES_FILE"
CONFIG = PathJoinSubstitution([FindPackageShare("annexe_ros"), "config"])
ARGUMENTS = {
    "model": ("", "Folder of a step tracker, as 'annexe train-tracker' writes it."),
    "demonstration": ("", "Folder of a recording with steps.json, to tell the place in; empty: none."),
    "image": ("image", "Topic of the camera's colour images."),
    "recording": ("", "Folder of a recording to play as the camera; empty: none."),
    "namespace": ("", "Namespace of the nodes."),
    "use_sim_time": ("", "Take the time from /clock: true or false."),
    "python": ("", "Python interpreter with PyTorch; empty: the system's."),
}
PARAMETER_ARGUMENTS = {"model": str, "demonstration": str, "use_sim_time": bool}


def _tracker(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the node; arguments that were left empty don't override the parameters file."""
    arguments = {name: LaunchConfiguration(name) for name in PARAMETER_ARGUMENTS}
    given = {
        name: ParameterValue(argument, value_type=PARAMETER_ARGUMENTS[name])
        for name, argument in arguments.items()
        if argument.perform(context)
    }
    return [
        LifecycleNode(
            package="annexe_ros",
            executable="step_tracker",
            name="step_tracker",
            namespace=LaunchConfiguration("namespace"),
            prefix=LaunchConfiguration("python"),
            parameters=[
                LaunchConfiguration("params_file"),
                given,
            ],
            remappings=[("image", LaunchConfiguration("image"))],
            output="screen",
        )
    ]


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
            OpaqueFunction(function=_tracker),
            Node(
                package="annexe_ros",
                executable="camera_replay",
                name="camera_replay",
                namespace=LaunchConfiguration("namespace"),
                prefix=LaunchConfiguration("python"),
                parameters=[
                    PathJoinSubstitution([CONFIG, "camera_replay.yaml"]),
                    {"recording": ParameterValue(LaunchConfiguration("recording"), value_type=str)},
                ],
                remappings=[("image", LaunchConfiguration("image"))],
                condition=IfCondition(NotEqualsSubstitution(LaunchConfiguration("recording"), "")),
                output="screen",
            ),
        ]
    )
