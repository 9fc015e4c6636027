import struct
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("mcap", reason="mcap is not installed")

from mcap.writer import CompressionType, Writer

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.bag import COMPRESSED, IMAGE, INFO, Bag
from annexe_ros.data.bag_files import is_bag
from annexe_ros.data.bag_writer import BagWriter

TOPICS = {"image": "/image", "depth": "/depth", "camera_info": "/camera_info"}
TYPES = {"/image": IMAGE, "/depth": IMAGE, "/camera_info": INFO}


def message(stamp_ns, payload=b""):
    """Return the beginning of a message with a header, as CDR, and something after it."""
    return b"\0\1\0\0" + struct.pack("<iI", *divmod(stamp_ns, 1_000_000_000)) + payload


def write(path, messages, types=TYPES):
    """Write messages (topic, data) a nanosecond apart."""
    writer = BagWriter(path)
    numbers = {topic: writer.add_topic(topic, kind, "") for topic, kind in types.items()}
    for log_ns, (topic, data) in enumerate(messages, 1):
        writer.add(numbers[topic], data, log_ns)
    writer.close()
    return path


def contents(bag):
    return [bag.read(moment) for moment in bag.moments]


def test_messages_of_one_stamp_are_one_moment(tmp_path):
    first, second = 10_000_000_000, 10_050_000_000
    written = [("/image", message(first, b"i")), ("/depth", message(first, b"d")), ("/image", message(second, b"j"))]
    bag = Bag(write(tmp_path / "a.mcap", [*written, ("/camera_info", message(first, b"c"))]), TOPICS)
    assert contents(bag) == [
        [("camera_info", message(first, b"c")), ("depth", message(first, b"d")), ("image", message(first, b"i"))],
        [("image", message(second, b"j"))],
    ]
    assert bag.timeline.stamps_ns == (first, second)


@given(
    order=st.permutations(range(1, 7)),
    image=st.sampled_from([IMAGE, COMPRESSED]),
)
def test_moments_come_by_stamp_however_they_were_recorded(order, image, tmp_path_factory):
    messages = [("/image", message(stamp, bytes([stamp]))) for stamp in order]
    bag = Bag(write(tmp_path_factory.mktemp("bag") / "a.mcap", messages, {"/image": image}), TOPICS)
    assert bag.types == {"image": image}
    assert contents(bag) == [[("image", message(stamp, bytes([stamp])))] for stamp in range(1, 7)]


def test_messages_without_a_stamp_have_the_time_of_recording(tmp_path):
    bag = Bag(write(tmp_path / "a.mcap", [("/image", message(0, b"a")), ("/image", message(0, b"b"))]), TOPICS)
    assert bag.timeline.stamps_ns == (1, 2)


def test_messages_recorded_at_one_time_are_told_apart(tmp_path):
    writer = BagWriter(tmp_path / "a.mcap")
    number = writer.add_topic("/image", IMAGE, "")
    for stamp in (7, 5):
        writer.add(number, message(stamp), 100)
    writer.close()
    assert contents(Bag(tmp_path / "a.mcap", TOPICS)) == [[("image", message(5))], [("image", message(7))]]


def test_a_big_endian_stamp_is_read(tmp_path):
    data = b"\0\0\0\0" + struct.pack(">iI", 3, 4)
    assert Bag(write(tmp_path / "a.mcap", [("/image", data)]), TOPICS).timeline.stamps_ns == (3_000_000_004,)


def test_a_bags_folder_is_a_bag(tmp_path):
    write(tmp_path / "run" / "run_0.mcap", [("/image", message(1))])
    assert is_bag(tmp_path / "run")
    assert len(Bag(tmp_path / "run", TOPICS).moments) == 1
    write(tmp_path / "run" / "other.mcap", [])
    with pytest.raises(DatasetFormatError, match=r"has 2 bags and no metadata\.yaml that makes them one; name one"):
        Bag(tmp_path / "run", TOPICS)


def test_a_bag_that_was_split_is_one(tmp_path):
    folder = tmp_path / "run"
    parts = [[("/camera_info", message(1, b"c")), ("/image", message(1, b"i"))], [("/image", message(2, b"j"))]]
    for number, messages in enumerate(parts):
        write(folder / f"run_{number}.mcap", messages)
    (folder / "metadata.yaml").touch()
    bag = Bag(folder, TOPICS)
    assert contents(bag) == [
        [("camera_info", message(1, b"c")), ("image", message(1, b"i"))], [("image", message(2, b"j"))],
    ]  # fmt: skip
    bag.close()


@pytest.fixture
def sqlite_bag(tmp_path):
    """A bag as ``ros2 bag record`` of Humble writes it."""
    rosbag2 = pytest.importorskip("rosbags.rosbag2", reason="rosbags is not installed")
    with rosbag2.Writer(tmp_path / "run", version=8, storage_plugin=rosbag2.StoragePlugin.SQLITE3) as writer:
        add = partial(writer.add_connection, msgdef="", rihs01="RIHS01_0")
        topics = {topic: add(topic, kind) for topic, kind in TYPES.items()}
        written = [("/image", message(7, b"i")), ("/depth", message(7, b"d")), ("/image", message(9, b"j"))]
        for log_ns, (topic, data) in enumerate(written, 1):
            writer.write(topics[topic], log_ns, data)
    return tmp_path / "run"


def test_a_bag_in_sqlite_is_read_like_one_in_mcap(sqlite_bag):
    assert is_bag(sqlite_bag)
    for path in (sqlite_bag, sqlite_bag / "run.db3"):
        bag = Bag(path, TOPICS)
        assert bag.types == {"image": IMAGE, "depth": IMAGE, "camera_info": INFO}
        assert contents(bag) == [
            [("depth", message(7, b"d")), ("image", message(7, b"i"))], [("image", message(9, b"j"))],
        ]  # fmt: skip
        bag.close()


@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255), cut=st.booleans())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_of_a_bag_in_sqlite_costs_no_more_than_a_sentence(sqlite_bag, place, change, cut, tmp_path_factory):
    path = tmp_path_factory.mktemp("damaged") / "run.db3"
    data = bytearray((sqlite_bag / "run.db3").read_bytes())
    index = int(place * len(data))
    data[index] ^= change
    path.write_bytes(data[:index] if cut else data)
    try:
        bag = Bag(path, TOPICS)
        contents(bag)
    except DatasetFormatError:
        return
    assert set(bag.types) <= set(TOPICS)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.db3", None, "can't be read"),
        ("a.db3", b"no table of ours", "is damaged or no bag in SQLite"),
        ("a.db3.zstd", b"", "unpack it with `zstd -d`"),
        ("a.bag", b"#ROSBAG V2.0", r"known are \.mcap and \.db3"),
    ],
)
def test_what_is_no_file_of_a_bag_is_told(tmp_path, name, content, sentence):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetFormatError, match=sentence):
        Bag(tmp_path / name, TOPICS)


@pytest.mark.parametrize(
    ("messages", "types", "sentence"),
    [
        ([], {"/a/colour": COMPRESSED, "/depth": IMAGE}, "no topic '/image'; it has images on /a/colour, /depth"),
        ([], {"/camera_info": INFO}, "no topic '/image'; it has no images at all"),
        ([("/depth", message(1))], TYPES, "has no message on topic '/image'"),
        ([], TYPES | {"/depth": INFO}, "topic '/depth' is of type sensor_msgs/msg/CameraInfo, not sensor_msgs/msg/Im"),
        ([("/image", b"\0\3\0\0" + bytes(8))], TYPES, "representation 0003 that is not plain CDR"),
        ([("/image", b"\0\1\0\0")], TYPES, "is damaged: a message has 4 bytes"),
    ],
)
def test_a_bag_without_what_is_needed_is_refused(tmp_path, messages, types, sentence):
    with pytest.raises(DatasetFormatError, match=sentence):
        Bag(write(tmp_path / "a.mcap", messages, types), TOPICS)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DatasetFormatError, match=r"a\.mcap: can't be read \(No such file"):
        Bag(tmp_path / "a.mcap", TOPICS)


def test_a_recording_that_was_cut_short_is_told(tmp_path):
    path = tmp_path / "a.mcap"
    writer = Writer(str(path), use_statistics=False, repeat_channels=False, repeat_schemas=False, use_chunking=False,
                    use_summary_offsets=False)  # fmt: skip
    writer.start("ros2")
    writer.finish()
    with pytest.raises(DatasetFormatError, match="`mcap recover`"):
        Bag(path, TOPICS)


@pytest.mark.parametrize("compression", [CompressionType.ZSTD, CompressionType.LZ4, CompressionType.NONE])
@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255), cut=st.booleans())
def test_damage_never_gets_through(compression, place, change, cut, tmp_path_factory):
    path = tmp_path_factory.mktemp("bag") / "a.mcap"
    writer = Writer(str(path), compression=compression)
    writer.start("ros2")
    number = writer.register_channel("/image", "cdr", writer.register_schema(IMAGE, "ros2msg", b""))
    for stamp in range(1, 4):
        writer.add_message(number, stamp, message(stamp, bytes(range(60))), stamp)
    writer.finish()
    whole = contents(Bag(path, TOPICS))
    data = bytearray(path.read_bytes())
    index = int(place * len(data))
    data[index] ^= change
    path.write_bytes(data[:index] if cut else data)
    try:
        read = contents(Bag(path, TOPICS))
    except DatasetFormatError:
        return
    assert [data for moment in read for _, data in moment] == [data for moment in whole for _, data in moment]


def test_where_nothing_can_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DatasetFormatError, match="can't be written"):
        BagWriter(tmp_path / "file" / "a.mcap")


def test_a_full_disk_is_told():
    writer = BagWriter("/dev/full")
    number = writer.add_topic("/image", IMAGE, "")
    with pytest.raises(DatasetFormatError, match=r"/dev/full: can't be written \(No space left"):
        writer.add(number, message(1, bytes(range(256)) * 8000), 1)
    with pytest.raises(DatasetFormatError, match="can't be written"):
        writer.close()
    writer.close()
