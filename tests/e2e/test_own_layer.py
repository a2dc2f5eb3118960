"""A layer of one's own in the real window: made, broken, mended, trusted, trained."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QDesktopServices

from tests.e2e.person import Person
from tests.e2e.seen import faults

pytestmark = [pytest.mark.gui_e2e, pytest.mark.framework]

CONTROL_FLOW = '''
"""Ordinary control flow."""


class Bend:
    """Bend every value, as often as the setting says."""

    settings = {"rounds": {"default": 2, "minimum": 1, "maximum": 5, "help": "How often"}}

    def output_shape(self, x):
        return x

    def parameters(self, x):
        return {"scale": ("ones", x)}

    def torch(self, x, weights):
        for turn in range(self.rounds):
            if x.mean() > 0:
                x = x * weights["scale"]
            else:
                x = x + turn
        return x
'''


@pytest.fixture(scope="module")
def opened() -> list[str]:
    """The files that the person's own editor was asked to open."""
    return []


@pytest.fixture(scope="module")
def own(person: Person, opened: list[str]) -> Path:
    """A project whose design has a layer of one's own; return the layer's file."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url.toLocalFile())) or True)
        person.start_from("digits-mlp")
        person.go("design")
        person.shell.room("design").select("relu")
        menu = person.hand.wait_for("own_layer").menu()
        menu.aboutToShow.emit()
        menu.actions()[0].trigger()
        name_it(person, "layer1")
    project = person.composition.bench.project
    assert project is not None
    return project.folder / "layers" / "layer1.py"


def name_it(person: Person, name: str) -> None:
    """Type a name into the dialog that asks for one, and confirm it."""
    dialog: Any = person.hand.wait_for("own_layer_dialog", 10)
    dialog.setTextValue(name)
    dialog.accept()


def problems(person: Person) -> list[str]:
    design = person.composition.bench.design
    assert design is not None
    return [fault.code.value for fault in design.problems().values()]


def wait_well(person: Person) -> None:
    person.hand.wait(lambda: not problems(person), 60, "the shapes of one's own layer")


def test_that_a_new_layer_is_a_file_from_the_template_that_opens_in_the_persons_editor(
    person: Person, own: Path, opened: list[str]
) -> None:
    assert own.is_file()
    assert "class Layer1" in own.read_text(encoding="utf-8")
    assert opened == [str(own)]


def test_that_it_stands_behind_the_layer_that_was_picked_and_fits(person: Person, own: Path) -> None:
    wait_well(person)
    design = person.composition.bench.design
    assert design is not None
    assert design.node("layer1").inputs == ("relu",)
    assert design.node("logits").inputs == ("layer1",)
    assert person.shell.room("design").selected == "layer1"


def test_that_the_inspector_shows_its_settings_its_path_and_what_export_makes_of_it(
    person: Person, own: Path
) -> None:
    wait_well(person)
    inspector = person.shell.room("design").inspector
    assert set(inspector.editors) == {"file", "rounds"}
    assert str(own) in inspector.own_file.path.text()
    assert "own exporter" in inspector.own_file.export.text()
    assert person.hand.sees("own_layer_open")
    assert faults(person.shell.room("design")) == []


def test_that_a_broken_file_shows_its_line_and_keeps_the_design_from_training(
    person: Person, own: Path
) -> None:
    own.write_text("class Layer1:\n    def output_shape(self, x):\n        return x +\n", encoding="utf-8")
    person.hand.wait(lambda: problems(person)[:1] == ["own_layer_broken"], 20, "the broken file's fault")
    message = person.message()
    assert "layer1.py, line 3" in message
    assert "return x +" in message
    assert person.advice == "Open file"
    assert not person.hand.find("train").isEnabled()


def test_that_saving_a_mended_file_takes_the_message_back_and_shows_its_new_setting(
    person: Person, own: Path
) -> None:
    own.write_text(CONTROL_FLOW, encoding="utf-8")
    wait_well(person)
    person.hand.wait(lambda: not person.shell.message.isVisible(), 20, "the message to go")
    person.hand.wait(lambda: person.idle(), 20, "▶")
    assert person.hand.wait_for("setting_rounds").value() == 2


def test_that_it_trains_with_ordinary_control_flow_and_the_run_keeps_its_source(
    person: Person, own: Path
) -> None:
    person.enter("setting_rounds", "3")
    run = person.train()
    person.wait_idle()
    assert person.record(run)["state"] == "finished"
    assert (run / "layers" / "layer1.py").read_text(encoding="utf-8") == CONTROL_FLOW
    assert '"rounds": 3' in (run / "design.json").read_text(encoding="utf-8")


def test_that_a_fault_in_training_names_the_persons_own_line(person: Person, own: Path) -> None:
    own.write_text(
        CONTROL_FLOW.replace("x = x + turn", "x = x + turn").replace(
            '* weights["scale"]', '* weights["skale"]'
        ),
        encoding="utf-8",
    )
    wait_well(person)
    person.go("train")
    person.hand.click("train")
    message = person.message(60)
    assert "layer1.py, line 19" in message
    assert "KeyError" in message
    assert 'x = x * weights["skale"]' in message
    person.put_away_message()


def test_that_a_file_from_elsewhere_is_run_only_when_it_is_trusted(person: Person, own: Path) -> None:
    own.write_text(CONTROL_FLOW, encoding="utf-8")
    wait_well(person)
    ran = own.with_name("ran.txt")
    trap = f"open({str(ran)!r}, 'a').close()\n{CONTROL_FLOW}"
    own.with_name("theirs.py").write_text(trap, encoding="utf-8")
    design = person.composition.bench.design
    assert design is not None
    design.set_setting("layer1", "file", "theirs.py")
    person.hand.wait(lambda: "not trusted yet" in person.message(), 20, "the question")
    assert problems(person)[0] == "own_layer_untrusted"
    assert not ran.exists()
    assert person.advice == "Trust these files"
    person.hand.click("message_action")
    wait_well(person)
    assert ran.exists()
    design.set_setting("layer1", "file", "layer1.py")


def test_that_a_new_layer_is_called_as_the_person_says_and_no_file_is_written_over(
    person: Person, own: Path, opened: list[str]
) -> None:
    room = person.go("design")
    room.select("relu")
    for name, said in (("attention_pool.py", ""), ("Layer1", "already"), ("2nd", "cannot be the name")):
        menu = person.hand.wait_for("own_layer").menu()
        menu.aboutToShow.emit()
        menu.actions()[0].trigger()
        name_it(person, name)
        if said:
            assert said in person.message()
            person.put_away_message()
    assert sorted(path.name for path in own.parent.glob("*.py")) == [
        "attention_pool.py",
        "layer1.py",
        "theirs.py",
    ]
    assert "class AttentionPool:" in own.with_name("attention_pool.py").read_text(encoding="utf-8")
    assert own.read_text(encoding="utf-8") == CONTROL_FLOW
    wait_well(person)
    assert room.selected == "attention_pool"
    room.undo()


def test_that_undo_takes_the_layer_out_again(person: Person, own: Path) -> None:
    room = person.go("design")
    design = person.composition.bench.design
    assert design is not None
    while "layer1" in design.nodes and room.undo_stack.canUndo():
        room.undo()
    assert design.node("logits").inputs == ("relu",)
    assert own.is_file()
