"""What can go wrong around a perception node, one function each: true when the node took it as it should.

Whatever happens, the node must stay up, tell each caller how its call ended, and serve the next one.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from functools import partial
from subprocess import Popen
from typing import Any

from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from rosgraph_msgs.msg import Clock
from soak_callers import ACTION, Caller
from soak_damage import DAMAGED_MESSAGES, DAMAGED_REQUESTS, NOISE
from soak_workbench import Workbench

from annexe_ros.action import StreamEgoQuery
from annexe_ros.core.errors import Status
from annexe_ros.ros import qos
from annexe_ros.ros.stamps import NANOSECONDS, stamp_message

SLOW = {"stage_delay_s": 0.2, "word_delay_s": 0.02}
QUICK = {"stage_delay_s": 0.05}
SCENE = {"analysis": "A hand holds a mug.", "targets": [{"label": "mug", "touched_by": ["right"]}]}
REASON = "it was too much"
TIMES = 5
"""How often the same thing is done to a node: what holds once may not hold again."""

ASIDE_S = 3.0
"""Who asks again at once keeps a place among the callers, and never finds all of them taken [s]."""

GIVEN_UP_S = 5.0
"""When a caller whose node was killed asks again [s]."""

CANCELLATIONS = 60
CANCELLED_WITHIN_S = 5.0
MAX_AGE_S, PATIENT_AGE_S = 1.0, 30.0
TICK_NS = 33_000_000
CLOCK_S = (1_000.0, 4_600.0, 2_800.0, 5.0, 86_400.0)
"""What a simulated clock shows one after the other [s]: it jumps an hour ahead, half an hour back, to the start ..."""

Fault = Callable[[Workbench], bool]


def failing_stage(bench: Workbench, stage: str, kind: str) -> bool:
    """Let the engine raise in a stage: each such call is told ENGINE_ERROR and why, those between are answered."""
    failing = SCENE | {"failures": {stage: {kind: REASON}}}
    with bench.node({"replies": {"fail": failing}}, max_frame_age=PATIENT_AGE_S) as node, bench.camera():
        bench.ask_until(Status.OK)
        told = [(bench.ask("fail"), bench.ask()) for _ in range(TIMES)]
        return _serves(bench, node) and all(
            _has(failed, Status.ENGINE_ERROR, REASON) and _has(answered, Status.OK) for failed, answered in told
        )


def camera_unplugged_and_back(bench: Workbench) -> bool:
    """Unplug the camera: no old image is answered for. Plug it in again: its first image is."""
    with bench.node(max_frame_age=MAX_AGE_S) as node:
        for _ in range(TIMES):
            with bench.camera() as camera:
                seen = bench.ask_until(Status.OK)
                camera.kill()
            time.sleep(MAX_AGE_S)
            if not seen or not _has(bench.ask(), Status.STALE_FRAME):
                return False
        with bench.camera():
            return _serves(bench, node)


def node_killed_and_respawned(bench: Workbench) -> bool:
    """Kill the node while callers ask: each of them, who simply asks again, is answered by the next node."""
    callers = [Caller(bench.peer, number, lost_s=GIVEN_UP_S) for number in range(TIMES)]
    answered = dict.fromkeys(callers, 0)

    def all_were_answered_again() -> bool:
        for caller in callers:
            caller.step()
        return all(caller.answered > answered[caller] for caller in callers)

    with bench.camera():
        for _ in range(3):
            with bench.node(QUICK) as node:
                if not bench.spin_until(all_were_answered_again):
                    return False
                answered = {caller: caller.answered for caller in callers}
                node.kill()
        return True


def clock_jumps(bench: Workbench) -> bool:
    """Let simulated time jump: images from before are stale, images from after are answered for."""
    with bench.node(use_sim_time=True, max_frame_age=MAX_AGE_S) as node:
        world = _SimulatedWorld(bench)
        for number, now_s in enumerate(CLOCK_S):
            world.now_ns = round(now_s * NANOSECONDS)
            stale = not number or bench.ask_until(Status.STALE_FRAME, before=world.tick)
            if not stale or not bench.ask_until(Status.OK, before=world.show):
                return False
        return node.poll() is None


class _SimulatedWorld:
    """A clock that is set by hand, and a camera in its time."""

    def __init__(self, bench: Workbench) -> None:
        self.now_ns = 0
        self._bench, self._clock = bench, bench.publisher("clock", Clock)
        self._topics = {topic: bench.publisher(topic, type(picture)) for topic, picture in bench.pictures(0).items()}

    def tick(self) -> None:
        self.now_ns += TICK_NS
        self._clock.publish(Clock(clock=stamp_message(self.now_ns)))

    def show(self) -> None:
        self.tick()
        for topic, picture in self._bench.pictures(self.now_ns).items():
            self._topics[topic].publish(picture)


def cancel_storm(bench: Workbench) -> bool:
    """Cancel many goals, each at some moment: every one ends soon, with the status that its result tells."""
    room = {f"{kind}_service_qos_profile": qos.calls() for kind in ("goal", "result", "cancel")}
    with bench.node(SLOW) as node, bench.camera():
        client = ActionClient(bench.peer, StreamEgoQuery, ACTION, **room)
        ready = bench.ask_until(Status.OK) and bench.spin_until(client.server_is_ready)
        results = _results_of_cancelled_goals(bench, client) if ready else []
        client.destroy()
        cancelled = any(result.status == GoalStatus.STATUS_CANCELED for result in results)
        return cancelled and all(map(_is_consistent, results)) and _serves(bench, node)


def _results_of_cancelled_goals(bench: Workbench, client: ActionClient) -> list[Any]:
    """Return how each goal ended, or nothing when one of them didn't in time."""
    moments = random.Random(0)
    goals = [client.send_goal_async(StreamEgoQuery.Goal(query="what?")) for _ in range(CANCELLATIONS)]
    if not bench.spin_until(lambda: all(goal.done() for goal in goals)):
        return []
    results = [goal.result().get_result_async() for goal in goals]
    for goal in goals:
        bench.spin_for(moments.uniform(0.0, 0.05))
        goal.result().cancel_goal_async()
    ended = bench.spin_until(lambda: all(result.done() for result in results), limit_s=CANCELLED_WITHIN_S)
    return [result.result() for result in results] if ended else []


def client_gone_mid_call(bench: Workbench) -> bool:
    """Kill callers of service and action while they wait: whoever stays is answered as before."""
    with bench.node(SLOW, queue_capacity=2) as node, bench.camera():
        for _ in range(3):
            with bench.callers(TIMES) as callers:
                waiting = bench.ask_until(Status.BUSY, before=partial(bench.spin_for, ASIDE_S))
                callers.kill()
            if not waiting or not _serves(bench, node):
                return False
        return True


def damaged_messages(bench: Workbench) -> bool:
    """Send damaged images, depths and intrinsics, and bytes that are no messages: the next good ones are served."""
    with bench.node(max_frame_age=MAX_AGE_S) as node:
        with bench.camera():
            seen = bench.ask_until(Status.OK)
        topics = {topic: bench.publisher(topic, type(message)) for topic, message in DAMAGED_MESSAGES}
        for topic, message in DAMAGED_MESSAGES:
            topics[topic].publish(message)
        for publisher in topics.values():
            for noise in NOISE:
                publisher.publish(noise)
        told = [bench.ask(**{"query": "what?", **fields}) for fields in DAMAGED_REQUESTS]
        refused = all(response is not None and not response.success and response.message for response in told)
        with bench.camera():
            return seen and refused and _serves(bench, node)


def _serves(bench: Workbench, node: Popen[bytes]) -> bool:
    """Say whether the node is up and answers."""
    return bench.ask_until(Status.OK) and node.poll() is None


def _has(response: Any, status: Status, sentence: str = "") -> bool:
    return response is not None and response.status == status and sentence in response.message


ENDS = {
    GoalStatus.STATUS_SUCCEEDED: (Status.OK,),
    GoalStatus.STATUS_CANCELED: (Status.CANCELLED, Status.BUSY),
    GoalStatus.STATUS_ABORTED: (Status.BUSY,),
}


def _is_consistent(wrapped: Any) -> bool:
    return wrapped.result.status in ENDS.get(wrapped.status, ())


FAULTS: Mapping[str, Fault] = {
    **{
        f"{name}_in_{stage}": partial(failing_stage, stage=stage, kind=kind)
        for name, kind in (("out_of_memory", "MemoryError"), ("exception", "RuntimeError"))
        for stage in ("analyse", "answer", "ground")
    },
    **{
        fault.__name__: fault
        for fault in (
            camera_unplugged_and_back,
            node_killed_and_respawned,
            clock_jumps,
            cancel_storm,
            client_gone_mid_call,
            damaged_messages,
        )
    },
}
