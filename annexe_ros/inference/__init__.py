"""Engines that answer queries, and the scheduler that feeds them; free of ROS. Heavy libraries come with an engine."""

from annexe_ros.inference.engines import create_engine, load_engine
from annexe_ros.inference.mailbox import Mailbox
from annexe_ros.inference.memory import accelerator_memory_mb
from annexe_ros.inference.own_thread import in_own_thread
from annexe_ros.inference.scheduler import Scheduler, SchedulerStatistics
from annexe_ros.inference.scripted import Script, ScriptedEngine, ScriptedReply, ScriptedTarget

__all__ = [
    "Mailbox",
    "Scheduler",
    "SchedulerStatistics",
    "Script",
    "ScriptedEngine",
    "ScriptedReply",
    "ScriptedTarget",
    "accelerator_memory_mb",
    "create_engine",
    "in_own_thread",
    "load_engine",
]
