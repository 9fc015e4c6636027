"""Starts the perception node, and rviz where wanted.

    ros2 launch annexe_ros annexe.launch.py camera:=realsense

Topics of a camera without a file in config/cameras are named one by one: image:=/camera/color/image_raw
depth:=/camera/depth/image_raw camera_info:=/camera/color/camera_info; so is what differs from such a file.

Where PyTorch lives in a virtual environment (made with --system-site-packages), name its interpreter:
python:=$HOME/venv/bin/python
"""

import os
from pathlib import Path
from typing import Any

import yaml
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

FASTDDS_VARIABLE = "FASTRTPS_DEFAULT_PROFILES_FILE"
CONFIG = PathJoinSubstitution([FindPackageShare("annexe_ros"), "config"])
FLAGS = {"use_sim_time": "Take the time from /clock", "autostart": "Configure and activate the node"}
CAMERAS = Path(__file__).parents[1] / "config" / "cameras"
"""Looked into for --show-args too, where no package share can be found yet."""

PARAMETER_ARGUMENTS = {
    "engine": "Who answers: annexe, vlm_sam, openai, remote or scripted; empty: as in params_file.",
    "model": "Model folder, name of a shipped model, or the engine's file of settings; empty: as in params_file.",
    "device": "auto, cpu, cuda or cuda:N; empty: as in params_file.",
    "image_transport": "How colour comes: raw or compressed (JPEG, PNG); empty: as in params_file.",
    "depth_transport": "How depth comes: raw or compressedDepth; empty: as in params_file.",
    "standing_query": "Question that is asked about every new view; empty: as in params_file.",
    "interaction_events": "Topic of the events that descriptions tell; empty: as in params_file.",
}
TOPICS = ("image", "depth", "camera_info")
SHOWN = ("annexe/markers", "annexe/objects_cloud", "annexe/overlay")
"""What config/annexe.rviz shows of the node; there, the names begin with a slash."""


def _arguments() -> list[DeclareLaunchArgument]:
    parameters = [
        DeclareLaunchArgument(name, default_value="", description=text) for name, text in PARAMETER_ARGUMENTS.items()
    ]
    topics = [
        DeclareLaunchArgument(
            name,
            default_value="",
            description=f"Topic of the camera's {name}; empty: as the camera has it, or '{name}'.",
        )
        for name in TOPICS
    ]
    return [
        DeclareLaunchArgument(
            "params_file",
            default_value=PathJoinSubstitution([CONFIG, "annexe.yaml"]),
            description="Parameters of the node.",
        ),
        DeclareLaunchArgument(
            "camera",
            default_value="",
            description=f"Take topics of this camera, and parameters over params_file's: {', '.join(_cameras())}.",
        ),
        *parameters,
        *topics,
        DeclareLaunchArgument("namespace", default_value="", description="Namespace of the node."),
        *(
            DeclareLaunchArgument(name, default_value="", description=f"{description}: true or false.")
            for name, description in FLAGS.items()
        ),
        DeclareLaunchArgument(
            "python", default_value="", description="Python interpreter with PyTorch; empty: the system's."
        ),
        DeclareLaunchArgument("rviz", default_value="false", description="Start rviz too."),
        DeclareLaunchArgument(
            "fixed_frame",
            default_value="",
            description="Frame that rviz shows, e.g. the camera's optical frame or target_frame; empty: the demo's.",
        ),
    ]


def _cameras() -> dict[str, Path]:
    return {file.stem: file for file in sorted(CAMERAS.iterdir())}


def camera_settings(name: str) -> dict[str, dict[str, Any]]:
    """Return ``topics`` and ``parameters`` of a camera; both are empty without a name."""
    if not name:
        return {"topics": {}, "parameters": {}}
    if name not in _cameras():
        raise ValueError(f"unknown camera '{name}'; known: {', '.join(_cameras())}")
    return yaml.safe_load(_cameras()[name].read_text(encoding="utf-8"))


def _perception(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the node; arguments that were left empty don't override the parameters file."""
    camera = camera_settings(LaunchConfiguration("camera").perform(context))
    texts = {name: LaunchConfiguration(name).perform(context) for name in PARAMETER_ARGUMENTS}
    # As they are: launch_ros would read "Find: the mug" as YAML.
    given = {name: ParameterValue(text, value_type=str) for name, text in texts.items() if text}
    return [
        LifecycleNode(
            package="annexe_ros",
            executable="perception_node",
            name="annexe",
            namespace=LaunchConfiguration("namespace"),
            prefix=LaunchConfiguration("python"),
            parameters=[
                LaunchConfiguration("params_file"),
                camera["parameters"] | given | _flags(context, *FLAGS),
            ],
            remappings=list(_topics(context).items()),
            output="screen",
        )
    ]


def _rviz(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return rviz in the node's namespace, with the camera's image."""
    fixed_frame = LaunchConfiguration("fixed_frame").perform(context)
    return [
        Node(
            package="rviz2",
            executable="rviz2",
            namespace=LaunchConfiguration("namespace"),
            arguments=[
                "-d",
                PathJoinSubstitution([CONFIG, "annexe.rviz"]),
                *(["-f", fixed_frame] if fixed_frame else []),
            ],
            parameters=[_flags(context, "use_sim_time")],
            remappings=[("/image", _topics(context)["image"]), *((f"/{topic}", topic) for topic in SHOWN)],
        )
    ]


def _topics(context: LaunchContext) -> dict[str, str]:
    """Return where the camera's topics are, by the names that the node has for them."""
    known = camera_settings(LaunchConfiguration("camera").perform(context))["topics"]
    return {name: LaunchConfiguration(name).perform(context) or known.get(name, name) for name in TOPICS}


def _flags(context: LaunchContext, *names: str) -> dict[str, ParameterValue]:
    """Return those of the flags that were given."""
    flags = {name: LaunchConfiguration(name) for name in names}
    return {name: ParameterValue(flag, value_type=bool) for name, flag in flags.items() if flag.perform(context)}


def generate_launch_description() -> LaunchDescription:
    profile = PathJoinSubstitution([CONFIG, "fastdds.xml"])
    return LaunchDescription(
        [
            *_arguments(),
            # Without it Fast DDS loses most images; a profile of the user's own is left alone.
            *([] if FASTDDS_VARIABLE in os.environ else [SetEnvironmentVariable(FASTDDS_VARIABLE, profile)]),
            OpaqueFunction(function=_perception),
            OpaqueFunction(function=_rviz, condition=IfCondition(LaunchConfiguration("rviz"))),
        ]
    )
