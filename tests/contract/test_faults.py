"""From an exception to the last event of the job that it ended."""

from __future__ import annotations

import errno
import os

import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.faults import failure


@pytest.mark.parametrize("number", {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
def test_that_a_framework_that_finds_no_room_is_told_as_a_full_disk(number: int) -> None:
    told = failure(OSError(number, os.strerror(number), "/full/disk"), "export")
    assert told.code == ErrorCode.DISK_FULL.value
    assert told.facts == {"path": "/full/disk", "why": os.strerror(number)}


def test_that_a_fault_of_ours_keeps_its_code_facts_and_details() -> None:
    told = failure(WorkbenchError(ErrorCode.FILE_MISSING, "all of it", path="x"), "export")
    assert (told.code, told.facts, told.details) == ("file_missing", {"path": "x"}, "all of it")


def test_that_a_fault_nobody_thought_of_is_named_with_where_it_came_from() -> None:
    try:
        [].pop()
    except IndexError as error:
        told = failure(error, "export")
    assert told.code == ErrorCode.UNEXPECTED.value
    assert told.facts == {"what": "IndexError", "why": "pop from empty list"}
    assert "test_faults.py" in told.details


@pytest.mark.parametrize(
    "fault",
    [
        MemoryError(),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        RuntimeError("can't start new thread"),
    ],
)
def test_that_too_little_memory_names_the_job(fault: Exception) -> None:
    told = failure(fault, "train")
    assert (told.code, told.facts) == ("out_of_memory", {"job": "train", "limit": 0})
