"""Pairing by time: the same expectations hold for the real message_filters and for the stand-in."""

import pytest

pytest.importorskip("rclpy", reason="message_filters needs rclpy")

import message_filters
from builtin_interfaces.msg import Time
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import Image
from std_msgs.msg import String

pytestmark = pytest.mark.ros

MS = 1_000_000


def image(stamp_ms: int) -> Image:
    msg = Image()
    msg.header.stamp = Time(sec=stamp_ms // 1000, nanosec=stamp_ms % 1000 * MS)
    return msg


def stamp_ms(msg: Image) -> int:
    return msg.header.stamp.sec * 1000 + msg.header.stamp.nanosec // MS


def paired(synchroniser, colour, depth, events) -> list[tuple[int, int]]:
    """Feed (filter name, stamp in ms) in order and return the stamps of the pairs that came out."""
    pairs = []
    synchroniser.registerCallback(lambda a, b: pairs.append((stamp_ms(a), stamp_ms(b))))
    for name, stamp in events:
        {"colour": colour, "depth": depth}[name].signalMessage(image(stamp))
    return pairs


@pytest.fixture
def inputs():
    return message_filters.SimpleFilter(), message_filters.SimpleFilter()


def test_equal_stamps_pair_in_any_order_of_arrival(inputs):
    synchroniser = message_filters.TimeSynchronizer(inputs, 5)
    events = [("colour", 10), ("colour", 20), ("depth", 20), ("depth", 15), ("depth", 10)]
    assert paired(synchroniser, *inputs, events) == [(20, 20), (10, 10)]


def test_extra_arguments_follow_the_messages():
    source, received = message_filters.SimpleFilter(), []
    source.registerCallback(lambda *args: received.append(args), "camera", 3)
    source.signalMessage("message")
    assert received == [("message", "camera", 3)]


def test_oldest_message_leaves_a_full_queue(inputs):
    synchroniser = message_filters.TimeSynchronizer(inputs, 2)
    events = [("colour", 10), ("colour", 20), ("colour", 30), ("depth", 10), ("depth", 30)]
    assert paired(synchroniser, *inputs, events) == [(30, 30)]


@pytest.mark.parametrize(("gap_ms", "pairs"), [(9, [(100, 109)]), (10, []), (11, [])])
def test_slop_is_an_open_limit(inputs, gap_ms, pairs):
    synchroniser = message_filters.ApproximateTimeSynchronizer(inputs, 5, 0.010)
    assert paired(synchroniser, *inputs, [("colour", 100), ("depth", 100 + gap_ms)]) == pairs


def test_nearest_of_several_is_taken_and_the_rest_stays(inputs):
    synchroniser = message_filters.ApproximateTimeSynchronizer(inputs, 5, 0.050)
    events = [("depth", 70), ("depth", 98), ("depth", 120), ("colour", 100), ("colour", 112)]
    assert paired(synchroniser, *inputs, events) == [(100, 98), (112, 120)]


@given(st.lists(st.tuples(st.sampled_from(["colour", "depth"]), st.integers(0, 300)), max_size=40), st.integers(1, 60))
def test_pairs_lie_within_slop_and_no_message_is_used_twice(events, slop_ms):
    colour, depth = message_filters.SimpleFilter(), message_filters.SimpleFilter()
    synchroniser = message_filters.ApproximateTimeSynchronizer((colour, depth), 10, slop_ms / 1000)
    unique = list(dict.fromkeys(events))
    pairs = paired(synchroniser, colour, depth, unique)
    assert all(abs(a - b) < slop_ms for a, b in pairs)
    assert all(("colour", a) in unique and ("depth", b) in unique for a, b in pairs)
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)


def test_message_without_header_is_dropped_unless_allowed(inputs):
    received = []
    for allow in (False, True):
        colour, depth = inputs
        synchroniser = message_filters.ApproximateTimeSynchronizer(inputs, 5, 10.0, allow_headerless=allow)
        synchroniser.registerCallback(lambda a, b: received.append((a.data, b.data)))
        colour.signalMessage(String(data=f"colour {allow}"))
        depth.signalMessage(String(data=f"depth {allow}"))
        inputs = message_filters.SimpleFilter(), message_filters.SimpleFilter()
    assert received == [("colour True", "depth True")]


def test_subscriber_passes_arguments_to_the_node():
    class Node:
        def create_subscription(self, *args, **kwargs):
            self.call = args, kwargs
            return self

        topic_name = "/head/image"

    node = Node()
    subscriber = message_filters.Subscriber(node, Image, "image", qos_profile=5, callback_group="group")
    (msg_type, topic, callback), kwargs = node.call
    assert (msg_type, topic, kwargs) == (Image, "image", {"qos_profile": 5, "callback_group": "group"})
    assert (subscriber.getTopic(), subscriber.topic_name) == ("image", "/head/image")
    received = []
    subscriber.registerCallback(received.append)
    callback(image(1))
    assert [stamp_ms(msg) for msg in received] == [1]
