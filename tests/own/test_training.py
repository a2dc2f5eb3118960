"""Layers of one's own at work: trained by every engine that has them, debugged, exported, faults told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.own_layers import trust_files
from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Event, Failed, Finished, Listening, Log, Metrics
from engines.contract.jobs import (
    DebugChoice,
    EvaluateJob,
    ExportDesignJob,
    ExportJob,
    LowerJob,
    PrepareDataJob,
    SaveJob,
    TrainJob,
)
from engines.contract.spec import DataManifest, Recipe
from engines.contract.views import Evaluation
from engines.data.prepare import run as prepare
from engines.design.freeze import freeze
from engines.host.process import ProcessHost
from engines.training.checkpoints import run_weights
from engines.training.control import ControlFlags
from engines.training.run_folder import CHECKPOINTS
from tests.helpers.editor import Editor
from tests.helpers.real_runs import standing
from tests.own.layers import BEND, NO_ONNX, ON_VALUES, SPARE, design_with, put

pytestmark = pytest.mark.framework
ENGINES = ("torch", "tensorflow")
Answers = Callable[[str, Any], list[Event]]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, DataManifest]:
    home = tmp_path_factory.mktemp("data")
    events = prepare(PrepareDataJob(source="digits", folder=str(home)), ControlFlags())
    manifest = next(event.record for event in events if isinstance(event, Answer))
    assert isinstance(manifest, DataManifest)
    return str(home / manifest.digest), manifest


def job_of(
    folder: Path, digits: tuple[str, DataManifest], source: str, run: str = "run", **recipe: Any
) -> TrainJob:
    put(folder, "own.py", source)
    data, manifest = digits
    values: dict[str, Any] = {"threads": 1, "chunk_steps": 7, "epochs": 1, **recipe}
    spec = freeze(design_with(folder, "own.py"))
    return TrainJob(str(folder / run), spec, Recipe(**values), data, manifest)


def alone(engine: str, job: Any) -> list[Event]:
    """Answer a job in a process of its own, as a run has it."""
    host = ProcessHost(engine)
    with closing(host):
        return list(host.run(job))


@pytest.fixture(scope="module")
def answers() -> Iterator[Answers]:
    """What answers jobs in one process an engine, with layers of one's own of one name after the other."""
    with ExitStack() as stack:
        hosts = {name: stack.enter_context(standing(name)) for name in ("torch", "tensorflow", "jax")}
        yield lambda engine, job: hosts[engine](job)


def losses(events: list[Event]) -> Any:
    assert isinstance(events[-1], Finished), events[-1]
    return np.concatenate([event.values["loss"] for event in events if isinstance(event, Metrics)])


def failed(events: list[Event]) -> Failed:
    assert isinstance(events[-1], Failed), events[-1]
    return events[-1]


@pytest.mark.parametrize(
    ("source", "engines"),
    [(BEND, ("torch", "tensorflow", "jax")), (ON_VALUES, ("torch", "tensorflow"))],
    ids=["loop over a setting", "if on values"],
)
def test_that_engines_learn_the_same_with_one_file(
    tmp_path: Path, digits: tuple[str, DataManifest], answers: Answers, source: str, engines: tuple[str, ...]
) -> None:
    first, *others = (
        losses(answers(engine, job_of(tmp_path, digits, source, engine, precision="fp64")))
        for engine in engines
    )
    assert len(first) == 35
    for other in others:
        assert np.max(np.abs(first - other) / np.maximum(np.abs(first), 0.01)) < 1e-6


def test_that_weights_that_nothing_reads_decay_alike_on_every_engine(
    tmp_path: Path, digits: tuple[str, DataManifest], answers: Answers
) -> None:
    spare = {}
    for engine in ("torch", "tensorflow", "jax"):
        job = job_of(tmp_path, digits, SPARE, engine, precision="fp64", optimizer="adamw", weight_decay=0.1)
        losses(answers(engine, job))
        spare[engine] = run_weights(Path(job.run) / CHECKPOINTS, "last")["own/spare"]
    wanted = (1 - 1e-3 * 0.1) ** 35
    for engine, found in spare.items():
        np.testing.assert_allclose(found, wanted, rtol=1e-12, err_msg=engine)


def test_that_a_compiled_run_goes_on_though_nothing_reads_one_of_its_weights(
    tmp_path: Path, digits: tuple[str, DataManifest], answers: Answers
) -> None:
    job = job_of(tmp_path, digits, SPARE, "compiled", run_mode="compiled", weight_decay=0.1)
    losses(answers("torch", job))
    longer = replace(job, recipe=replace(job.recipe, epochs=2), resume=True)
    losses(answers("torch", longer))
    assert (run_weights(Path(job.run) / CHECKPOINTS, "last")["own/spare"] < 1).all()


def test_that_a_run_goes_on_bit_for_bit_with_the_source_it_began_with(
    tmp_path: Path, digits: tuple[str, DataManifest], answers: Answers
) -> None:
    whole = losses(answers("torch", job_of(tmp_path, digits, BEND, "whole", epochs=2)))
    job = job_of(tmp_path, digits, BEND, "parts", epochs=1)
    losses(alone("torch", job))
    (tmp_path / "layers" / "own.py").write_text("class Other(:\n", encoding="utf-8")
    longer = replace(job, recipe=replace(job.recipe, epochs=2), resume=True)
    rest = losses(alone("torch", longer))
    np.testing.assert_array_equal(whole[35:], rest)
    assert (tmp_path / "parts" / "layers" / "own.py").read_text(encoding="utf-8") == BEND
    evaluation = answers("torch", EvaluateJob(job.run, job.data))
    assert any(isinstance(one, Answer) and isinstance(one.record, Evaluation) for one in evaluation)


@pytest.mark.parametrize("engine", ENGINES)
def test_that_a_fault_in_training_names_file_line_and_text(
    engine: str, tmp_path: Path, digits: tuple[str, DataManifest], answers: Answers
) -> None:
    source = BEND.replace('weights["mix"][turn]', 'weights["mist"][turn]')
    event = failed(answers(engine, job_of(tmp_path, digits, source)))
    line = 1 + next(n for n, text in enumerate(source.splitlines()) if "mist" in text)
    assert event.code == ErrorCode.OWN_LAYER_FAILED.value
    assert (event.facts["file"], event.facts["line"], event.facts["what"]) == ("own.py", line, "KeyError")
    assert "mist" in str(event.facts["text"])
    assert engine in str(event.facts["doing"])


def test_that_an_answer_of_another_shape_than_was_said_is_told(
    tmp_path: Path, digits: tuple[str, DataManifest], answers: Answers
) -> None:
    source = BEND.replace("        return x\n", "        return x[:, :3]\n").replace(
        "output_shape(self, x):\n        return x[:, :3]", "output_shape(self, x):\n        return x"
    )
    event = failed(answers("torch", job_of(tmp_path, digits, source)))
    assert "output_shape says" in str(event.facts["why"])


def test_that_an_engine_without_a_method_says_which_the_file_has(
    tmp_path: Path, digits: tuple[str, DataManifest], answers: Answers
) -> None:
    source = ON_VALUES[: ON_VALUES.index("    def tensorflow")]
    event = failed(answers("tensorflow", job_of(tmp_path, digits, source)))
    assert event.code == ErrorCode.OWN_LAYER_ENGINE.value
    assert (event.facts["known"], event.facts["node"]) == ("torch", "own")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("engine", "source", "code"),
    [
        ("torch", BEND, ""),
        ("torch", ON_VALUES, ErrorCode.OWN_LAYER_EXPORT.value),
        ("tensorflow", ON_VALUES, ""),
        ("jax", BEND, ""),
        ("jax", NO_ONNX, ErrorCode.OWN_LAYER_EXPORT.value),
    ],
    ids=[
        "torch unrolls a loop",
        "torch refuses an if on values",
        "TensorFlow writes an If",
        "JAX unrolls a loop",
        "JAX has no operator for it",
    ],
)
def test_that_export_writes_what_it_can_follow_and_names_the_line_it_cannot(
    tmp_path: Path, digits: tuple[str, DataManifest], answers: Answers, engine: str, source: str, code: str
) -> None:
    job = job_of(tmp_path, digits, source, epochs=1)
    losses(answers(engine, job))
    target, reference = str(tmp_path / "m.onnx"), str(tmp_path / "r.npz")
    events = answers(engine, ExportJob(job.run, job.data, target, reference))
    assert not [event for event in events if isinstance(event, Log)]
    last = events[-1]
    assert (last.code if isinstance(last, Failed) else "") == code
    if isinstance(last, Failed):
        line = int(last.facts["line"])
        assert last.facts["text"] == source.splitlines()[line - 1].strip()
        assert str(last.facts["text"]).startswith(("if x.mean() > 0.4:", "return y + jnp.linalg.eigvalsh"))
        assert not Path(target).exists()
    else:
        with np.load(reference) as given:
            found = _run_onnx(target, given["inputs"])
            np.testing.assert_allclose(found, given["outputs"], atol=1e-5, rtol=1e-4)


def test_that_the_engines_own_file_and_its_stages_name_the_line_they_cannot_follow(
    tmp_path: Path, digits: tuple[str, DataManifest], answers: Answers
) -> None:
    job = job_of(tmp_path, digits, ON_VALUES, epochs=1)
    losses(answers("torch", job))
    for asked in (
        SaveJob(job.run, job.data, str(tmp_path / "m.pt2"), "pt2"),
        LowerJob(job.run, job.data),
    ):
        events = answers("torch", asked)
        event = failed(events)
        assert event.code == ErrorCode.OWN_LAYER_EXPORT.value
        assert event.facts["text"] == "if x.mean() > 0.4:"
        assert not [one for one in events if isinstance(one, Log)]
    assert not (tmp_path / "m.pt2").exists()


def _run_onnx(model: str, inputs: Any) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(model)
    return session.run(None, {session.get_inputs()[0].name: inputs})[0]


def test_that_the_designs_own_exporter_says_that_it_cannot(
    tmp_path: Path, digits: tuple[str, DataManifest], answers: Answers
) -> None:
    job = job_of(tmp_path, digits, BEND, epochs=1)
    losses(answers("torch", job))
    event = failed(alone("tools", ExportDesignJob(job.run, str(tmp_path / "m.onnx"))))
    assert event.code == ErrorCode.OWN_LAYER_NO_FORM.value


@pytest.mark.parametrize("engine", ENGINES)
def test_that_a_breakpoint_in_ones_own_layer_is_met(
    engine: str, tmp_path: Path, digits: tuple[str, DataManifest]
) -> None:
    job = job_of(tmp_path, digits, BEND, epochs=1, run_mode="eager", chunk_steps=1)
    path = tmp_path / "layers" / "own.py"
    line = 1 + next(n for n, text in enumerate(BEND.splitlines()) if "xp.tanh" in text)
    host = ProcessHost(engine)
    with closing(host):
        events: Iterator[Event] = host.run(replace(job, debug=DebugChoice()))
        port = next(event.port for event in events if isinstance(event, Listening))
        with Editor(port, {path: [line]}) as editor:
            frame = editor.stopped()
            assert (Path(frame["source"]["path"]), frame["line"]) == (path, line)
            assert editor.look("turn", frame) == "0"
            assert editor.look("tuple(x.shape)[1]", frame) == str(job.spec.layers[-1].parameters[0].shape[1])
            editor.go_on()
            assert editor.look("turn", editor.stopped()) == "1"
            editor.clear(path)
            editor.go_on()
            assert isinstance(list(events)[-1], Finished)


def test_that_trust_covers_every_file(tmp_path: Path) -> None:
    put(tmp_path, "a.py", BEND)
    design = design_with(tmp_path, "a.py")
    put(tmp_path, "b.py", ON_VALUES)
    trust_files(design.own)
    design.set_setting("own", "file", "b.py")
    assert design.problems()["own"].code is ErrorCode.OWN_LAYER_PENDING
