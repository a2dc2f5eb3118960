"""The message table: complete, unambiguous, and never silent."""

from __future__ import annotations

import re
import string
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from app.engine_facts.titles import titles
from app.messages.message import Message
from app.messages.table import _CRASHES, AREAS, rows, tell, tell_error, tell_event
from app.messages.words import JOBS, TOOLS
from engines.contract import errors
from engines.contract.errors import ErrorCode, Fact, WorkbenchError
from engines.contract.events import Crashed, Failed
from engines.contract.jobs import Job
from engines.registry import ENGINES

CODES = list(ErrorCode)


def fields_of(message: Message) -> set[str]:
    texts = (message.what, message.why, message.todo)
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


def documented_facts(code: ErrorCode) -> set[str]:
    """The words of the comment beside the code's member in the source."""
    source = Path(errors.__file__).read_text(encoding="utf-8")
    line = next(line for line in source.splitlines() if re.match(rf"\s+{code.name}\s*=", line))
    _, _, comment = line.partition("#")
    return set(re.findall(r"[a-z_0-9]+", re.sub(r"\([^)]*\)", "", comment)))


def test_that_every_code_has_exactly_one_row() -> None:
    counts = Counter(code for area in AREAS for code in area.ROWS)
    assert {code: counts[code] for code in CODES if counts[code] != 1} == {}


def test_that_every_area_file_is_in_the_table() -> None:
    folder = Path(errors.__file__).parents[2] / "app" / "messages"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "endings", "message", "table", "words"}
    assert files == {area.__name__.rpartition(".")[2] for area in AREAS}


@pytest.mark.parametrize("code", CODES)
def test_that_every_fact_a_sentence_names_is_documented_beside_its_code(code: ErrorCode) -> None:
    known = documented_facts(code)
    worked_out = {
        "ended": {"status"},
        "key": {"engine"},
        "place": {"file", "line"},
        "within": {"seconds"},
        "stood": {"file", "line"},
        "most": {"limit"},
        "guess": {"nearest"},
    }
    assert fields_of(rows()[code.value]) <= known | {key for key, of in worked_out.items() if of <= known}


@pytest.mark.parametrize("message", [*rows().values(), *_CRASHES.values()])
def test_that_every_message_says_what_happened_and_what_to_do_in_whole_sentences(message: Message) -> None:
    assert message.what
    assert message.todo
    for text in (message.what, message.todo):
        assert text.rstrip("”»\"')").endswith((".", "?", "!", "}")), text
        assert text[0].isupper() or text[0] in "{“", text


@pytest.mark.parametrize("message", [*rows().values(), *_CRASHES.values()])
def test_that_a_button_is_an_action_id(message: Message) -> None:
    assert re.fullmatch(r"[a-z_.]*", message.button)


def test_that_facts_are_filled_in_and_details_are_kept_apart() -> None:
    told = tell(ErrorCode.RECORD_MALFORMED, {"where": "Recipe.epochs", "why": "int is wanted"}, "Traceback …")
    assert "Recipe.epochs" in told.what
    assert told.why == "int is wanted"
    assert told.details == "Traceback …"
    assert "Traceback" not in told.text


def test_that_a_missing_fact_does_not_hide_the_error() -> None:
    assert "?" in tell(ErrorCode.RECORD_MALFORMED, {}).what


def test_that_braces_in_a_fact_are_shown_as_they_are() -> None:
    assert tell(ErrorCode.RECORD_MALFORMED, {"where": "{x}", "why": "{}"}).why == "{}"


def test_that_a_code_of_a_newer_worker_still_gets_a_sentence() -> None:
    told = tell_event(Failed("moon_is_down", {"code": "x"}))
    assert "x" in told.what
    assert told.todo
    assert "moon_is_down" in tell("moon_is_down", {}).what


def test_that_an_exception_without_a_code_is_told_by_its_type_and_text() -> None:
    told = tell_error(ZeroDivisionError("division by zero"))
    assert "ZeroDivisionError" in told.what
    assert "division by zero" in told.why
    assert tell_error(ZeroDivisionError()).why
    assert tell_error(WorkbenchError(ErrorCode.RECORD_MALFORMED, "d", where="a.b", why="c")).details == "d"


@pytest.mark.parametrize(
    "cause", ["exit", "signal", "asked", "garbage", "silent", "deaf", "lost", "unheard of"]
)
def test_that_every_way_to_crash_is_told_with_the_tail_of_stderr_as_details(cause: str) -> None:
    told = tell_event(Crashed(cause, exit_code=3, signal=9, stderr="last words"))
    assert told.what
    assert told.todo
    assert told.details == "last words"


def test_that_a_crash_names_its_exit_code_or_signal() -> None:
    assert "3" in tell_event(Crashed("exit", exit_code=3, signal=0, stderr="")).what
    assert "SIGKILL" in tell_event(Crashed("signal", exit_code=0, signal=9, stderr="")).what


def test_that_a_process_that_crashed_by_itself_is_not_said_to_be_ended_by_another() -> None:
    killed = tell_event(Crashed("signal", exit_code=0, signal=9, stderr="")).text
    crashed = tell_event(Crashed("signal", exit_code=0, signal=11, stderr="")).text
    assert "from outside" in killed
    assert "from outside" not in crashed
    assert "segmentation fault, SIGSEGV" in crashed


def test_that_details_are_named_only_where_there_are_some() -> None:
    assert "in the details" in tell_event(Crashed("exit", 3, 0, "last words")).why
    assert "details" not in tell_event(Crashed("exit", 3, 0, "")).why


def test_that_a_line_is_named_only_where_it_is_known() -> None:
    facts = {"file": "own.py", "why": "Crash", "text": "", "doing": "loading it", "what": "x"}
    assert tell(ErrorCode.OWN_LAYER_FAILED, {**facts, "line": 3}).what.startswith("own.py, line 3, failed")
    assert tell(ErrorCode.OWN_LAYER_FAILED, {**facts, "line": 0}).what.startswith("own.py, failed")


def test_that_a_program_that_said_nothing_is_quoted_with_nothing() -> None:
    facts = {"python": "/lab/python", "status": 3, "why": ""}
    told = tell(ErrorCode.INTERPRETER_DIES, facts)
    assert "(exit code 3)" in told.what
    assert told.why == "It said: nothing."
    assert tell(ErrorCode.UNEXPECTED, {"what": "KeyError", "why": ""}).why == ""


@pytest.mark.parametrize(
    ("limit", "words"),
    [(0, "more than the system could give it."), (2 << 30, "more than its limit of 2,048 MB.")],
)
def test_that_a_lack_of_memory_names_its_limit_where_there_was_one(limit: int, words: str) -> None:
    assert words in tell(ErrorCode.OUT_OF_MEMORY, {"job": "train", "limit": limit}).why


KEYS = {row.name for row in ENGINES}
TYPED = re.compile("“modelwright [^”]*”")
"""What a person is to type has the key in it."""


def keys_in(text: str) -> set[str]:
    return KEYS & set(re.findall(r"[a-z]+", TYPED.sub("", text)))


@pytest.mark.parametrize("key", sorted({*KEYS, "tools"}))
def test_that_every_message_names_an_engine_by_its_name_and_its_key_only_where_one_types_it(key: str) -> None:
    for code in CODES:
        facts: dict[str, Fact] = dict.fromkeys(documented_facts(code), "x")
        if "engine" in facts:
            title = titles().get(key, TOOLS)
            told = tell(code, {**facts, "engine": key, "title": title})
            assert keys_in(told.text) == set(), code
            assert title in told.text


def test_that_a_key_stands_where_it_is_typed() -> None:
    told = tell(ErrorCode.ENGINE_MISSING, {"engine": "torch", "title": "PyTorch", "install": "torch==2.13.0"})
    assert "“modelwright engines install torch”" in told.todo
    assert tell(ErrorCode.ENVIRONMENT_NONE, {"engine": "mxnet"}).what.endswith("no environment for MXNet.")


def test_that_what_is_no_engine_is_told_as_it_was_typed() -> None:
    assert "“pytorch”" in tell(ErrorCode.ENGINE_UNKNOWN, {"engine": "pytorch"}).what


@pytest.mark.parametrize("kind", [job.kind for job in get_args(Job)])
def test_that_every_kind_of_job_is_told_in_words(kind: str) -> None:
    assert kind in JOBS
    for code in (ErrorCode.OUT_OF_MEMORY, ErrorCode.TIME_LIMIT, ErrorCode.JOB_UNSUPPORTED):
        assert "_" not in tell(code, {"job": kind, "limit": 0, "seconds": 3, "engine": "torch"}).text


def test_that_no_fault_carries_an_engine_s_key_under_a_name_that_the_table_would_show_as_it_is() -> None:
    house = Path(errors.__file__).parents[2]
    passed = re.compile(r"\b(\w+)=(?:\w+\.)*(?:engine|row\.name)[,)]")
    wrong = [
        f"{path.relative_to(house)}: {found.group()}"
        for room in ("app", "engines")
        for path in (house / room).rglob("*.py")
        for call in CALLS.findall(path.read_text(encoding="utf-8"))
        for found in passed.finditer(call)
        if found.group(1) not in ("engine", "row")
    ]
    assert wrong == []


CALLS = re.compile(r"(?:WorkbenchError|_finding)\((?:[^()]|\([^()]*\))*\)")
"""Each fault that is made, with what it carries."""
