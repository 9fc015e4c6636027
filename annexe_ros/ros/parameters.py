"""A node's parameters, declared once as the fields of a frozen dataclass.

Each field is made by ``parameter`` with default, description and limits; descriptor, check and documentation come from
that. What a parameters file gives wrongly is refused by name, unknown names too, without stopping the node: the default
stands in, and ``NodeParameters.check`` tells all problems until they are put right with ``ros2 param set``.
"""

from __future__ import annotations

import copy
import dataclasses
import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.exceptions import ParameterNotDeclaredException
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import HistoryPolicy, QoSPolicyEnum, ReliabilityPolicy

from annexe_ros.core.errors import ParameterError
from annexe_ros.ros.parameter_requests import refuse_unknown_types

RCLPY_PARAMETERS = ("use_sim_time", "start_type_description_service")
RCLPY_PREFIXES = ("qos_overrides.",)
_METADATA_KEY = "parameter"
_QOS_DEFAULTS = {"history": HistoryPolicy.KEEP_LAST, "depth": 10, "reliability": ReliabilityPolicy.RELIABLE}
"""Examples of what ``qos.overridable`` lets be set; rclpy raises no sentence for other values."""

ParametersT = TypeVar("ParametersT")


@dataclasses.dataclass(frozen=True)
class Declaration:
    """What is to be known of a parameter; its type is that of the default.

    Attributes:
        name, default, description: as ROS shows them.
        minimum, maximum: limits of a number, both included; None: no limit.
        choices: the texts that are allowed; empty: any.
        read_only: fixed when the node starts.
        check: returns in a sentence what is wrong with a value that passed all else, or None; ``problem`` says of which
            parameter where the sentence doesn't.

    Of a list, every entry is of the type of the default's first.
    """

    name: str
    default: Any
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = False
    check: Callable[[Any], str | None] | None = None

    @property
    def type_name(self) -> str:
        """Name of the type as ROS gives it, e.g. ``double``."""
        return Parameter.Type.from_parameter_value(self.default).name.lower()

    def problem(self, value: Any) -> str | None:
        """Return a sentence that says why ``value`` is refused, or None when it is fine."""
        if type(value) is not type(self.default) or not _of_one_type(value, self.default):
            return f"parameter '{self.name}' must be of type {self.type_name} (like {self.default!r}), not {value!r}"
        if self.choices and value not in self.choices:
            return f"parameter '{self.name}' must be one of {', '.join(self.choices)}, not '{value}'"
        too_low = self.minimum is not None and not value >= self.minimum
        if too_low or (self.maximum is not None and not value <= self.maximum):
            return f"parameter '{self.name}' must lie in {self.limits}, not {value}"
        wrong = self.check(value) if self.check else None
        named = f"parameter '{self.name}'"
        return wrong if wrong is None or wrong.startswith(named) else f"{named}: {wrong}"

    @property
    def limits(self) -> str:
        """The allowed values in words; empty where there is no limit."""
        if self.choices:
            return ", ".join(self.choices)
        if self.minimum is None and self.maximum is None:
            return ""
        return f"[{'-∞' if self.minimum is None else self.minimum}, {'∞' if self.maximum is None else self.maximum}]"

    @property
    def descriptor(self) -> ParameterDescriptor:
        """The descriptor that ``ros2 param describe`` shows."""
        descriptor = ParameterDescriptor(
            name=self.name,
            description=self.description,
            additional_constraints=f"one of: {', '.join(self.choices)}" if self.choices else "",
            read_only=self.read_only,
        )
        if self.minimum is not None and self.maximum is not None:
            if isinstance(self.default, float):
                range_ = FloatingPointRange(from_value=float(self.minimum), to_value=float(self.maximum))
                descriptor.floating_point_range = [range_]
            else:
                descriptor.integer_range = [IntegerRange(from_value=int(self.minimum), to_value=int(self.maximum))]
        return descriptor


def parameter(
    default: Any,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] = (),
    read_only: bool = False,
    check: Callable[[Any], str | None] | None = None,
) -> Any:
    """Return a dataclass field that declares a parameter (see ``Declaration``)."""
    facts = {"minimum": minimum, "maximum": maximum, "choices": tuple(choices), "read_only": read_only, "check": check}
    metadata = {_METADATA_KEY: {"default": default, "description": description, **facts}}
    return dataclasses.field(default_factory=lambda: copy.copy(default), metadata=metadata)


def declarations(kind: type) -> tuple[Declaration, ...]:
    """Return what the fields of a dataclass declare, in their order."""
    return tuple(Declaration(f.name, **f.metadata[_METADATA_KEY]) for f in dataclasses.fields(kind))


def qos_override(name: str) -> Declaration | None:
    """Return what rclpy takes for the quality of service that a parameter overrides; None: it is about none of ours."""
    policy = name.rpartition(".")[2]
    if not name.startswith(RCLPY_PREFIXES) or policy not in _QOS_DEFAULTS:
        return None
    default = _QOS_DEFAULTS[policy]
    if not isinstance(default, QoSPolicyEnum):
        return Declaration(name, default, "", minimum=0)
    known = [key for key in type(default).short_keys() if key != "unknown"]

    def problem_of_policy(value: str) -> str | None:
        return None if value.lower() in known else f"'{value}' is no {policy}; known: {', '.join(known)}"

    return Declaration(name, default.short_key, "", check=problem_of_policy)


def problems(declared: Iterable[Declaration], values: dict[str, Any]) -> dict[str, str]:
    """Return a sentence per refused value or unknown name; empty when ``values`` are fine."""
    known = {declaration.name: declaration for declaration in declared}
    found = {}
    for name, value in values.items():
        sentence = known[name].problem(value) if name in known else _unknown(name, known)
        if sentence is not None:
            found[name] = sentence
    return found


def table(kind: type) -> str:
    """Return the parameters as a Markdown table."""
    rows = ["| parameter | type | default | allowed | description |", "|---|---|---|---|---|"]
    for item in declarations(kind):
        description = item.description + (" Read-only." if item.read_only else "")
        rows.append(f"| `{item.name}` | {item.type_name} | `{item.default}` | {item.limits} | {description} |")
    return "\n".join(rows) + "\n"


class NodeParameters(Generic[ParametersT]):
    """The parameters of one node, which was made with ``automatically_declare_parameters_from_overrides``."""

    def __init__(self, node: Node, kind: type[ParametersT]) -> None:
        """Declare them, with the values that were given to the node where those are fine."""
        self._node, self._kind = node, kind
        refuse_unknown_types(node)
        self._declared = {declaration.name: declaration for declaration in declarations(kind)}
        given = _given(node)
        self._overrides = _qos_overrides(node)
        overrides = {name: node.get_parameter(name).value for name in self._overrides}
        self._problems = problems(self._declared.values(), given) | problems(self._overrides.values(), overrides)
        for name in given:
            node.undeclare_parameter(name)
        for name, declaration in self._declared.items():
            refused = name in self._problems
            node.declare_parameter(name, declaration.default, declaration.descriptor, ignore_override=refused)
        node.add_pre_set_parameters_callback(self._refuse_unknown)
        node.add_on_set_parameters_callback(self._on_set)

    def read(self) -> ParametersT:
        """Return the current values."""
        return self._kind(**{name: self._node.get_parameter(name).value for name in self._declared})

    def check(self) -> None:
        """Raise ``ParameterError`` while anything that was given to the node is refused."""
        if self._problems:
            raise ParameterError("; ".join(self._problems.values()))

    def _refuse_unknown(self, changes: list[Parameter]) -> list[Parameter]:
        """Name what is unknown; by the time that rclpy (Jazzy) refuses it, it has lost the names."""
        unknown = [change.name for change in changes if not self._node.has_parameter(change.name)]
        if unknown:
            raise ParameterNotDeclaredException(unknown)
        return changes

    def _on_set(self, changes: list[Parameter]) -> SetParametersResult:
        known = self._declared | self._overrides
        ours = {change.name: change.value for change in changes if change.name in known}
        refused = problems(known.values(), ours)
        if refused:
            return SetParametersResult(successful=False, reason="; ".join(refused.values()))
        for name in ours:
            self._problems.pop(name, None)
        return SetParametersResult(successful=True)


def _given(node: Node) -> dict[str, Any]:
    """Return the values that were given to the node, without those that rclpy looks after."""
    return {
        name: node.get_parameter(name).value
        for name in node.get_parameters_by_prefix("")
        if name not in RCLPY_PARAMETERS and not name.startswith(RCLPY_PREFIXES)
    }


def _qos_overrides(node: Node) -> dict[str, Declaration]:
    """Return what is to be known of the qualities of service that were given to the node."""
    found = map(qos_override, node.get_parameters_by_prefix(""))
    return {declaration.name: declaration for declaration in found if declaration is not None}


def _of_one_type(value: Any, default: Any) -> bool:
    return not isinstance(value, list) or {type(entry) for entry in value} == {type(default[0])}


def _unknown(name: str, known: Iterable[str]) -> str:
    similar = difflib.get_close_matches(name, list(known), n=1)
    return f"unknown parameter '{name}'" + (f"; did you mean '{similar[0]}'?" if similar else "")
