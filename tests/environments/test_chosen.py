"""The choice of interpreters is one small file that is whole or as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.environments.chosen import choose, load

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=20)


def test_that_nothing_is_chosen_where_there_is_no_file(tmp_path: Path) -> None:
    assert load(tmp_path / "none.json").pythons == {}


@given(st.lists(st.tuples(NAMES, NAMES), max_size=8))
def test_that_the_last_choice_of_each_engine_counts(
    tmp_path_factory: pytest.TempPathFactory, choices: list[tuple[str, str]]
) -> None:
    file = tmp_path_factory.mktemp("choices") / "deep" / "interpreters.json"
    for engine, python in choices:
        choose(file, engine, python)
    assert load(file).pythons == dict(choices)


def test_that_a_choice_can_be_forgotten_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "interpreters.json"
    choose(file, "torch", "/a/python")
    choose(file, "jax", "own")
    choose(file, "torch", "")
    assert load(file).pythons == {"jax": "own"}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"pythons": 3}', '{"pythons": {"torch": 3}}', "\0"])
def test_that_a_spoilt_file_means_no_choice_and_can_be_written_anew(tmp_path: Path, text: str) -> None:
    file = tmp_path / "interpreters.json"
    file.write_text(text)
    assert load(file).pythons == {}
    choose(file, "torch", "own")
    assert load(file).pythons == {"torch": "own"}


def test_that_a_newer_file_with_more_in_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "interpreters.json"
    file.write_text('{"pythons": {"torch": "own"}, "version": 1, "more": true}')
    assert load(file).pythons == {"torch": "own"}


def test_that_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkbenchError) as caught:
        choose(tmp_path / "file" / "interpreters.json", "torch", "own")
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE
