"""A written script holds the text of one's own layers and computes the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.design.code import write_code
from engines.design.freeze import freeze
from tests.own.layers import BEND, design_with, put

LOOK = """
import importlib.util, sys, torch
spec = importlib.util.spec_from_file_location("written", sys.argv[1])
written = importlib.util.module_from_spec(spec)
spec.loader.exec_module(written)
model = written.Model()
written.initialize(model)
print(tuple(model(torch.zeros(2, 1, 8, 8)).shape), float(model.own.scale.sum()), model.own.layer.rounds)
"""


@pytest.mark.framework
def test_that_the_script_holds_the_file_and_computes_with_its_settings(tmp_path: Path) -> None:
    put(tmp_path, "bend.py", "from __future__ import annotations\n" + BEND)
    design = design_with(tmp_path, "bend.py", rounds=3)
    code = write_code(freeze(design), design.recipe)
    assert BEND.strip() in code
    script = tmp_path / "script.py"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(script)], capture_output=True, text=True, timeout=200, check=True
    )
    units = freeze(design).layers[-2].output_shape[0]
    assert done.stdout.strip() == f"(2, 10) {float(units)} 3"


def test_that_two_files_with_one_name_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "bend.py", BEND)
    put(tmp_path, "other.py", BEND)
    design = design_with(tmp_path, "bend.py")
    design.add("python", "own2", {"file": "other.py"})
    design.disconnect("own", "logits")
    design.connect("own", "own2")
    design.connect("own2", "logits")
    from app.own_layers import settle

    settle(design)
    with pytest.raises(WorkbenchError) as caught:
        write_code(freeze(design), design.recipe)
    assert caught.value.code is ErrorCode.OWN_LAYER_CODE
    assert caught.value.facts["name"] == "Bend"


def test_that_a_name_the_script_uses_itself_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "bend.py", BEND.replace("class Bend", "class Model"))
    design = design_with(tmp_path, "bend.py")
    with pytest.raises(WorkbenchError) as caught:
        write_code(freeze(design), design.recipe)
    assert caught.value.facts["other"] == "the script"
