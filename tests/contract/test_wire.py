"""The wire: every record comes back as it was, and no bytes whatever do more than raise our error."""

from __future__ import annotations

import json
import math
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from engines.contract import wire
from engines.contract.capabilities import DeviceView, EngineReport
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import (
    PROTOCOL,
    Answer,
    CheckpointSaved,
    Continued,
    Control,
    Crashed,
    Event,
    Failed,
    Finished,
    Hello,
    Log,
    Metrics,
    Paused,
    Progress,
    Started,
    Starting,
    Stopped,
    Stopping,
    Validated,
)
from engines.contract.records import to_plain

DTYPES = ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
BIG = st.integers(-(2**80), 2**80)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
TEXTS = st.text(alphabet=st.characters())  # surrogates too: file names of other encodings hold them
NAMES = st.dictionaries(TEXTS, NUMBERS, max_size=4)
FACTS = st.dictionaries(TEXTS, st.one_of(TEXTS, NUMBERS, st.integers(), st.booleans()), max_size=4)
CURVES = st.dictionaries(TEXTS, arrays_of.arrays(np.float32, st.integers(0, 20)), max_size=3)
STAMP = {"run": TEXTS, "seq": BIG, "t": NUMBERS}
REPORTS = st.builds(
    EngineReport,
    engine=TEXTS,
    version=TEXTS,
    devices=st.lists(st.builds(DeviceView, name=TEXTS, title=TEXTS, memory_bytes=BIG), max_size=3).map(tuple),
    facts=st.dictionaries(TEXTS, TEXTS, max_size=3),
)
EVENTS = st.one_of(
    st.builds(Hello, protocol=BIG, engine=TEXTS, version=TEXTS, pid=BIG, python=TEXTS, **STAMP),
    st.builds(
        Started,
        first_step=BIG,
        total_steps=BIG,
        steps_per_epoch=BIG,
        epochs=BIG,
        batch_size=BIG,
        threads=BIG,
        chunk_steps=BIG,
        device=TEXTS,
        **STAMP,
    ),
    st.builds(Progress, stage=TEXTS, done=BIG, total=BIG, **STAMP),
    st.builds(Log, level=TEXTS, text=TEXTS, **STAMP),
    st.builds(Metrics, first_step=BIG, values=CURVES, **STAMP),
    st.builds(Validated, step=BIG, epoch=BIG, values=NAMES, **STAMP),
    st.builds(CheckpointSaved, step=BIG, epoch=BIG, path=TEXTS, best=st.booleans(), **STAMP),
    st.builds(Paused, step=BIG, **STAMP),
    st.builds(Continued, step=BIG, **STAMP),
    st.builds(Starting, engine=TEXTS, seconds=BIG, limit=BIG, **STAMP),
    st.builds(Stopping, rung=TEXTS, deadline=NUMBERS, **STAMP),
    st.builds(Answer, record=REPORTS, **STAMP),
    st.builds(Finished, summary=st.dictionaries(TEXTS, st.one_of(NUMBERS, TEXTS), max_size=3), **STAMP),
    st.builds(Stopped, step=BIG, kept=st.booleans(), **STAMP),
    st.builds(Failed, code=TEXTS, facts=FACTS, details=TEXTS, **STAMP),
    st.builds(Crashed, cause=TEXTS, exit_code=BIG, signal=BIG, stderr=TEXTS, **STAMP),
)


def same(left: Any, right: Any) -> bool:
    """Equality in which NaN equals NaN and arrays are equal bit by bit, type and shape included."""
    if isinstance(left, np.ndarray):
        alike = left.dtype == right.dtype and left.shape == right.shape
        return alike and left.tobytes() == right.tobytes()
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and math.isnan(left):
        return math.isnan(right)
    return bool(left == right) and type(left) is type(right)


@contextmanager
def pipe() -> Iterator[tuple[Connection, Connection]]:
    left, right = Pipe()
    with left, right:
        yield left, right


@given(EVENTS)
def test_that_any_event_comes_back_as_it_was(event: Event) -> None:
    back = wire.decode(wire.encode(event), Event)
    assert type(back) is type(event)
    assert same(to_plain(back), to_plain(event))


@given(
    st.sampled_from(DTYPES).flatmap(lambda name: arrays_of.arrays(name, arrays_of.array_shapes(min_dims=0)))
)
def test_that_arrays_of_every_common_type_and_shape_come_back(array: npt.NDArray[Any]) -> None:
    back = wire.decode(wire.encode(Metrics(0, {"a": array, "b": array})), Event)
    assert same(back.values["a"], array)
    assert same(back.values["b"], array)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (), (2, 3, 4)])
def test_that_empty_and_scalar_arrays_keep_their_shape(shape: tuple[int, ...]) -> None:
    array = np.ones(shape, np.float32)
    assert wire.decode(wire.encode(Metrics(0, {"a": array})), Event).values["a"].shape == shape


def test_that_big_endian_and_strided_arrays_travel_by_value() -> None:
    array = np.arange(12, dtype=">f4").reshape(3, 4)[::2, ::-1]
    back = wire.decode(wire.encode(Metrics(0, {"a": array})), Event).values["a"]
    np.testing.assert_array_equal(back, array)
    assert back.dtype == np.dtype("<f4")


@pytest.mark.parametrize("array", [np.array([object()]), np.array(["text"]), np.zeros(2, "M8[s]")])
def test_that_arrays_of_other_types_are_refused(array: npt.NDArray[Any]) -> None:
    with pytest.raises(WorkbenchError) as caught:
        wire.encode(Metrics(0, {"a": array}))
    assert caught.value.code is ErrorCode.WIRE_GARBLED


def test_that_a_message_is_json_and_plain_buffers() -> None:
    """The layout is a promise to other versions: read it here without the module's own reader."""
    message = wire.encode(Metrics(7, {"loss": np.array([1.5, np.inf], np.float32)}))
    magic, length = struct.unpack_from("<4sI", message)
    header = json.loads(message[8 : 8 + length])
    body = message[(8 + length + 7) // 8 * 8 :]
    assert magic == b"MWRT"
    assert header["protocol"] == PROTOCOL
    assert header["record"]["first_step"] == 7
    assert header["arrays"] == [{"path": ["values", "loss"], "type": "<f4", "shape": [2]}]
    assert struct.unpack("<2f", body) == (1.5, math.inf)


@given(st.binary(max_size=300))
def test_that_any_bytes_are_refused_with_our_error_alone(garbage: bytes) -> None:
    with pytest.raises(WorkbenchError):
        wire.decode(garbage, Event)


def framed(header: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<4sI", b"MWRT", len(header)) + header + bytes(-(8 + len(header)) % 8) + body


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), BIG, NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "path": st.lists(st.one_of(st.sampled_from(["values", "loss"]), BIG), max_size=3),
            "type": st.sampled_from([*DTYPES, "<f4", "<i8", "O", "|V0"]),
            "shape": st.lists(BIG, max_size=40),
        }
    ),
    max_size=3,
)


@given(st.one_of(JSON, st.just({"kind": "metrics", "first_step": 0, "values": {"loss": None}})), ENTRIES)
def test_that_a_well_framed_lie_is_refused_with_our_error_or_read(record: Any, entries: Any) -> None:
    header = json.dumps({"protocol": PROTOCOL, "record": record, "arrays": entries}).encode()
    try:
        wire.decode(framed(header, bytes(64)), Event)
    except WorkbenchError:
        return


@given(EVENTS, st.data())
def test_that_a_message_cut_short_anywhere_is_refused(event: Event, data: st.DataObject) -> None:
    message = wire.encode(event)
    header_end = 8 + struct.unpack_from("<4sI", message)[1]
    cut = data.draw(st.integers(0, header_end - 1))
    with pytest.raises(WorkbenchError):
        wire.decode(message[:cut], Event)


def test_that_missing_array_bytes_are_noticed() -> None:
    message = wire.encode(Metrics(0, {"loss": np.ones(8, np.float32)}))
    with pytest.raises(WorkbenchError) as caught:
        wire.decode(message[:-1], Event)
    assert caught.value.code is ErrorCode.WIRE_GARBLED


@given(EVENTS, st.data())
def test_that_flipped_bits_do_no_more_than_raise_our_error(event: Event, data: st.DataObject) -> None:
    message = bytearray(wire.encode(event))
    for _ in range(data.draw(st.integers(1, 4))):
        message[data.draw(st.integers(0, len(message) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        wire.decode(bytes(message), Event)
    except WorkbenchError:
        return


@pytest.mark.parametrize("depth", [10_000, 1_000_000])
def test_that_a_deeply_nested_header_is_refused(depth: int) -> None:
    with pytest.raises(WorkbenchError):
        wire.decode(framed(b'{"protocol":1,"arrays":[],"record":' + b"[" * depth), Event)


def test_that_a_whole_number_travels_where_text_or_a_decimal_is_declared() -> None:
    back = wire.decode(wire.encode(Finished({"step": 5, "ended": "epochs"})), Event)
    assert back == Finished({"step": 5.0, "ended": "epochs"})


def test_that_unknown_fields_are_ignored() -> None:
    plain = {"kind": "paused", "step": 3, "mood": "fine"}
    header = json.dumps({"protocol": PROTOCOL, "record": plain, "arrays": [], "new": 1}).encode()
    assert wire.decode(framed(header), Event) == Paused(3)


def test_that_another_major_version_is_named() -> None:
    header = json.dumps({"protocol": PROTOCOL + 1, "record": {}, "arrays": []}).encode()
    with pytest.raises(WorkbenchError) as caught:
        wire.decode(framed(header), Event)
    assert caught.value.code is ErrorCode.PROTOCOL_MISMATCH
    assert caught.value.facts == {"theirs": str(PROTOCOL + 1), "ours": PROTOCOL}


def test_that_a_message_over_the_limit_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LIMIT", 1000)
    with pytest.raises(WorkbenchError) as caught:
        wire.encode(Log("info", "x" * 1000))
    assert caught.value.code is ErrorCode.WIRE_TOO_LONG


def test_that_a_message_over_the_limit_is_not_received(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe() as (left, right):
        left.send_bytes(bytes(2000))
        monkeypatch.setattr(wire, "LIMIT", 1000)
        with pytest.raises(OSError):
            wire.receive(right, Event)


def test_that_records_travel_both_ways_through_a_connection() -> None:
    with pipe() as (left, right):
        sender = threading.Thread(target=wire.send, args=(left, Control("set", {"learning_rate": 0.1})))
        sender.start()
        assert wire.receive(right, Control) == Control("set", {"learning_rate": 0.1})
        sender.join()
        wire.send(right, Paused(1))
        assert wire.receive(left, Event) == Paused(1)


def test_that_a_closed_connection_ends_the_reading() -> None:
    with pipe() as (left, right):
        left.close()
        with pytest.raises(EOFError):
            wire.receive(right, Event)


def test_that_nothing_is_ever_unpickled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pickle on the wire is garbage like any other."""
    import pickle

    with pytest.raises(WorkbenchError):
        wire.decode(pickle.dumps(Paused(1)), Event)
