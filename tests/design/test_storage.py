from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.design.document import Design
from engines.design.freeze import freeze
from engines.design.storage import build, load, parse, save, to_text
from engines.design.templates import FOLDER, TEMPLATES
from tests.design.builders import designs, residual


def reread(design: Design) -> Design:
    return build(parse(to_text(design).encode(), "file"), "file")


def refused(path: Path) -> WorkbenchError:
    with pytest.raises(WorkbenchError) as caught:
        load(path)
    return caught.value


@given(designs())
def test_that_any_design_comes_back_from_its_file_unchanged(design: Design) -> None:
    again = reread(design)
    assert again.snapshot() == design.snapshot()
    assert to_text(again) == to_text(design)


def test_that_a_saved_design_is_loaded_as_it_was(tmp_path: Path) -> None:
    save(residual(), tmp_path / "design.json")
    assert freeze(load(tmp_path / "design.json")) == freeze(residual())
    assert [path.name for path in tmp_path.iterdir()] == ["design.json"]


def test_that_one_changed_value_changes_one_line() -> None:
    design = residual()
    before = to_text(design).splitlines()
    design.set_setting("stem", "kernel", (5, 5))
    after = to_text(design).splitlines()
    assert len(before) == len(after)
    assert [line.strip() for line in after if line not in before] == ['"kernel": [5, 5],']


def test_that_titles_with_brackets_and_spaces_stay_as_they_are() -> None:
    design = Design('a [ 1,   2 ] "b"  [\n  c ]')
    assert reread(design).name == design.name


def test_that_a_missing_file_is_named(tmp_path: Path) -> None:
    fault = refused(tmp_path / "gone.json")
    assert (fault.code, fault.facts["path"]) == (ErrorCode.FILE_MISSING, str(tmp_path / "gone.json"))


def test_that_broken_json_names_line_and_column(tmp_path: Path) -> None:
    lines = to_text(residual()).splitlines()
    lines[4] = lines[4].replace('"data"', '"data" oops')
    path = tmp_path / "broken.json"
    path.write_text("\n".join(lines), encoding="utf-8")
    fault = refused(path)
    assert fault.code is ErrorCode.DESIGN_FILE_BROKEN
    assert (fault.facts["line"], fault.facts["column"]) == (5, lines[4].index("oops") + 1)


def test_that_a_byte_that_is_no_text_names_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "bytes.json"
    path.write_bytes(b'{\n "name": "\xff"\n}')
    fault = refused(path)
    assert fault.code is ErrorCode.DESIGN_FILE_BROKEN
    assert (fault.facts["line"], fault.facts["column"]) == (2, 11)


def test_that_a_newer_file_is_refused_before_anything_in_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "newer.json"
    path.write_text('{"format": "modelwright-design", "version": 7, "layers": 3}', encoding="utf-8")
    fault = refused(path)
    assert fault.code is ErrorCode.DESIGN_FILE_NEWER
    assert (fault.facts["version"], fault.facts["supported"]) == (7, 1)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"format": "something"}, "format"),
        ({"name": 3}, "DesignRecord.name"),
        ({"version": "one"}, "DesignRecord.version"),
        ({"nodes": [{"name": "a"}]}, "DesignRecord.nodes[0].kind"),
        ({"nodes": [{"name": "a", "kind": "relu", "position": [1]}]}, "DesignRecord.nodes[0].position"),
        ({"recipe": {"epochs": 1.5}}, "DesignRecord.recipe.epochs"),
    ],
)
def test_that_a_field_that_does_not_fit_is_named(
    tmp_path: Path, change: dict[str, object], where: str
) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps({**json.loads(to_text(residual())), **change}), encoding="utf-8")
    fault = refused(path)
    assert (fault.code, fault.facts["where"]) == (ErrorCode.DESIGN_FILE_MALFORMED, where)


@pytest.mark.parametrize(
    ("node", "code"),
    [
        ({"name": "a", "kind": "warp"}, ErrorCode.DESIGN_LAYER_UNKNOWN),
        ({"name": "", "kind": "relu"}, ErrorCode.DESIGN_NAME_INVALID),
        ({"name": "stem", "kind": "relu"}, ErrorCode.DESIGN_NAME_TAKEN),
        ({"name": "a", "kind": "relu", "inputs": ["nobody"]}, ErrorCode.DESIGN_NODE_UNKNOWN),
        ({"name": "a", "kind": "relu", "inputs": ["a"]}, ErrorCode.DESIGN_CYCLE),
        ({"name": "a", "kind": "dense", "settings": {"units": -1}}, ErrorCode.DESIGN_SETTING_INVALID),
        ({"name": "a", "kind": "dense", "settings": {"filters": 1}}, ErrorCode.DESIGN_SETTING_UNKNOWN),
    ],
)
def test_that_a_graph_that_cannot_be_is_refused(
    tmp_path: Path, node: dict[str, object], code: ErrorCode
) -> None:
    data = json.loads(to_text(residual()))
    data["nodes"].append(node)
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert refused(path).code is code


def test_that_fields_of_a_later_minor_version_are_ignored() -> None:
    data = json.loads(to_text(residual()))
    data["colour"] = "green"
    data["nodes"][0]["comment"] = "hello"
    assert to_text(build(data, "file")) == to_text(residual())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "[" * 100_000,
        '{"version": NaN}',
        "9" * 5000,
        '{"format": "modelwright-design", "name": "\\ud800"}',
        "\ufeff{}",
    ],
)
def test_that_odd_texts_are_refused_like_any_other(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text, encoding="utf-8")
    assert refused(path).code in (ErrorCode.DESIGN_FILE_BROKEN, ErrorCode.DESIGN_FILE_MALFORMED)


@given(st.binary(max_size=12), st.integers(0, 4000), st.integers(0, 40))
def test_that_a_mutated_file_loads_or_is_refused_and_nothing_else(junk: bytes, place: int, cut: int) -> None:
    content = to_text(residual()).encode()
    try:
        design = build(parse(content[:place] + junk + content[place + cut :], "file"), "file")
    except WorkbenchError:
        return
    assert reread(design).snapshot() == design.snapshot()


def test_that_templates_are_stored_in_the_canonical_form() -> None:
    for template in TEMPLATES.values():
        path = FOLDER / f"{template.name}.json"
        own = ('  "title": ', '  "description": ')
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        assert "".join(line for line in lines if not line.startswith(own)) == to_text(template.design())
