"""How every lifecycle node of the package goes through its states; subclasses say what each transition does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from annexe_ros.nodes.transitions import refuse_impossible_transitions
from annexe_ros.ros.parameters import NodeParameters
from annexe_ros.ros.replies import CallOutcome, reported_in


class Autostarted(Protocol):
    """Parameters that every lifecycle node has."""

    @property
    def autostart(self) -> bool:
        """Whether the node configures and activates itself when it starts."""


ParametersT = TypeVar("ParametersT", bound=Autostarted)


class StagedNode(LifecycleNode, Generic[ParametersT]):
    """A lifecycle node whose transitions fail with one sentence and leave nothing behind.

    Subclasses implement ``_configure``, ``_activate``, ``_deactivate`` and ``_cleanup``. The first two may raise; the
    last two are also called where there is nothing to undo.
    """

    def __init__(self, name: str, parameters: type[ParametersT], **options: Any) -> None:
        """Make the node, unconfigured; ``options`` as for ``rclpy.node.Node``."""
        super().__init__(name, automatically_declare_parameters_from_overrides=True, **options)
        refuse_impossible_transitions(self)
        self._settings = NodeParameters(self, parameters)
        self._why_inactive = "it was not configured yet"
        if self._settings.read().autostart:
            self._starter = self.create_timer(0.0, self._start)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Get ready: what takes long happens here."""
        return self._transition("configure", self._checked_configure, undo=self._cleanup)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin."""
        done = self._transition("activate", self._activate, undo=self._deactivate)
        return super().on_activate(state) if done is TransitionCallbackReturn.SUCCESS else done

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop."""
        done = self._undone("deactivate", self._deactivate)
        self._why_inactive = "it was deactivated"
        return super().on_deactivate(state) if done is TransitionCallbackReturn.SUCCESS else done

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give everything back."""
        self._why_inactive = "it is not configured"
        return self._undone("clean up", self._cleanup)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and give everything back, in whatever state the node is."""
        self._why_inactive = "it was shut down"
        return self._undone("shut down", self._deactivate, self._cleanup)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Leave nothing behind of a transition that couldn't be undone; the node is unconfigured then."""
        self._why_inactive = "a transition failed"
        self._undone("recover", self._deactivate, self._cleanup)
        return TransitionCallbackReturn.SUCCESS

    def destroy_node(self) -> None:
        """Give everything back, then end the node."""
        self._undone("end", self._deactivate, self._cleanup)
        super().destroy_node()
        # rclpy 7.1 leaves this to Python's garbage collection, at any time and in any thread; until then it keeps the
        # node's whole DDS participant, with its threads and shared memory.
        self._state_machine.destroy_when_not_in_use()

    def _configure(self) -> None:
        """Load and advertise; raises ``AnnexeError``."""

    def _activate(self) -> None:
        """Subscribe and begin; raises ``AnnexeError``."""

    def _deactivate(self) -> None:
        """Undo ``_activate``, as far as it came."""

    def _cleanup(self) -> None:
        """Undo ``_configure``, as far as it came."""

    def _start(self) -> None:
        self.destroy_timer(self._starter)
        if self.trigger_configure() is TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def _checked_configure(self) -> None:
        self._settings.check()
        self._configure()
        self._why_inactive = "it is configured but not activated"

    def _undone(self, name: str, *steps: Callable[[], None]) -> TransitionCallbackReturn:
        """Take steps back, the later ones also where one fails; say what failed."""
        ended = TransitionCallbackReturn.SUCCESS
        for step in steps:
            if not self._taken(name, step).success:
                ended = TransitionCallbackReturn.ERROR
        return ended

    def _transition(self, name: str, step: Callable[[], None], undo: Callable[[], None]) -> TransitionCallbackReturn:
        """Take a step; where it fails, say why in one sentence and leave nothing behind."""
        outcome = self._taken(name, step)
        if outcome.success:
            return TransitionCallbackReturn.SUCCESS
        undo()
        self._why_inactive = outcome.message
        return TransitionCallbackReturn.FAILURE

    def _taken(self, name: str, step: Callable[[], None]) -> CallOutcome:
        """Take one step and return how it ended; where it fails, say why in one sentence."""
        outcome = CallOutcome()
        with reported_in(outcome, self.get_logger()):
            step()
        if not outcome.success and self.context.ok():
            self.get_logger().error(f"can't {name}: {outcome.message}")
        return outcome
