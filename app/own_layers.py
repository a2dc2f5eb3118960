"""Layers of one's own: whom the person trusts, and how a file is asked for its shapes.

Trust is the person's, not the project's: it lies among the user's data, by the project's folder and the
hash of each file's text, so that nobody's changes are trusted unseen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.desk import Desk
from app.home import user_cache, user_data
from app.messages import words
from app.messages.endings import ending
from engines.contract.errors import ErrorCode, Fact, WorkbenchError
from engines.contract.events import Answer, Crashed, Event, Failed, Finished
from engines.contract.files import make_folder, write_text_atomic
from engines.contract.own_layers import DescribeLayerJob, LayerAnswer
from engines.contract.records import from_plain, to_plain
from engines.contract.spec import GraphSpec
from engines.design.document import Design
from engines.design.own_layers import FILE, FOLDER, OwnLayers, digest_of
from engines.host.process import ProcessHost
from engines.training.own_code import SHAPES
from engines.training.run_folder import RUN, read_design

SECONDS, MEMORY = 20.0, 2 * 1024**3
KEPT = 1_000
"""So many versions of its files are remembered for a project."""


@dataclass(frozen=True)
class Trust:
    """What the person trusts: the hashes of files by the folder they lie in."""

    folders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    version: int = 1


def load_trust() -> Trust:
    """Return whom the person trusts; nobody where that cannot be read."""
    try:
        return from_plain(Trust, json.loads(_trust_file().read_text(encoding="utf-8")))
    except (OSError, ValueError, WorkbenchError):
        return Trust()


def trusts(folder: Path, digest: str) -> bool:
    """Tell whether the person trusts a file of this content in this folder."""
    return digest in load_trust().folders.get(str(folder.absolute()), ())


def trust(folder: Path, digests: Iterator[str] | tuple[str, ...]) -> None:
    """Trust these contents in this folder from here on; raises ``FILE_UNWRITABLE``."""
    known, key, fresh = load_trust(), str(folder.absolute()), tuple(digests)
    before = [one for one in known.folders.get(key, ()) if one not in fresh]
    folders = {**known.folders, key: (*before, *fresh)[-KEPT:]}
    make_folder(user_data())
    write_text_atomic(_trust_file(), json.dumps(to_plain(replace(known, folders=folders)), indent=1) + "\n")


def layers_place(choice: str) -> Path:
    """Return the folder beside whose ``layers`` a project or a design's file is read."""
    path = Path(choice).absolute()
    if path.is_dir():
        return path
    inside = path.parent.name == "designs" and (path.parent.parent / "project.toml").is_file()
    return path.parent.parent if inside else path.parent


def bring_layers(design: Design, choice: str, folder: Path) -> None:
    """Copy the files that a design's own layers need from beside it; those that are not there are told later.

    They are no more trusted here than where they came from.
    """
    beside = OwnLayers(layers_place(choice))
    for node in design.nodes.values():
        name = str(node.settings.get(FILE, "")) if node.row.free else ""
        if name in beside.names:
            make_folder(folder / FOLDER)
            write_text_atomic(folder / FOLDER / name, beside.file(name).source)


def trust_choice(choice: str) -> None:
    """Trust what lies beside a project or a design's file, or in a run, as it is now."""
    path = Path(choice)
    if (path / RUN).is_file():
        trust_run(path, read_design(path))
    else:
        trust_files(own_layers(layers_place(choice)))


def trust_files(own: OwnLayers) -> None:
    """Trust every layer's file as it is now."""
    if own.folder is not None:
        trust(own.folder, tuple(_digests(own)))


def trust_run(run: Path, spec: GraphSpec) -> None:
    """Trust the layers that a run holds."""
    trust(run / FOLDER, tuple(digest_of(layer.source) for layer in spec.own_layers))


def demand_trusted(run: Path, spec: GraphSpec) -> None:
    """Return if the person trusts every layer that the run holds, wherever it came from.

    Raises:
        WorkbenchError: ``RUN_LAYERS_UNTRUSTED``.
    """
    if not spec.own_layers:
        return
    known = {digest for digests in load_trust().folders.values() for digest in digests}
    strange = {Path(layer.file).name for layer in spec.own_layers if digest_of(layer.source) not in known}
    if strange:
        files = ", ".join(sorted(strange))
        raise WorkbenchError(ErrorCode.RUN_LAYERS_UNTRUSTED, path=str(run), files=files)


def own_layers(folder: Path) -> OwnLayers:
    """Return the layers that lie in ``folder``/layers, with the person's trust and what is known of them."""
    place = folder.absolute() / FOLDER
    return OwnLayers(folder.absolute(), lambda digest: trusts(place, digest), KeptAnswers())


class KeptAnswers:
    """Answers in the user's cache, a file each; faults for as long as this lives, since they may pass."""

    def __init__(self) -> None:
        self._known: dict[str, LayerAnswer] = {}

    def recall(self, key: str) -> LayerAnswer | None:
        """Return the answer of that key, if it is known."""
        if key not in self._known:
            try:
                plain = json.loads((_cache() / f"{key}.json").read_text(encoding="utf-8"))
                self._known[key] = from_plain(LayerAnswer, plain)
            except (OSError, ValueError, WorkbenchError):
                return None
        return self._known[key]

    def keep(self, key: str, answer: LayerAnswer) -> None:
        """Remember an answer."""
        self._known[key] = answer
        if not answer.code:
            make_folder(_cache())
            write_text_atomic(_cache() / f"{key}.json", json.dumps(to_plain(answer)) + "\n")


def ask(question: DescribeLayerJob) -> LayerAnswer:
    """Run a file's code in a process that is thrown away and return what it says, or how it failed."""
    host = _throw_away()
    try:
        return _answer_in(host.run(question), question)
    finally:
        host.close()


def _throw_away() -> ProcessHost:
    return ProcessHost("tools", reusable=False, time_limit=SECONDS, memory_bytes=MEMORY)


def _answer_in(events: Iterator[Event], question: DescribeLayerJob) -> LayerAnswer:
    found = [answer for event in events if (answer := _answer_of(event, question)) is not None]
    return found[0] if found else _fault(question, words.LAYER_SILENT, "")


def settle(design: Design) -> None:
    """Ask every file that the design needs until its shapes are known, layer after layer."""
    design.problems()
    while design.own.pending:
        for key, question in tuple(design.own.pending.items()):
            design.own.learn(key, ask(question))
        design.problems()


def ask_all(
    desk: Desk, questions: Mapping[str, DescribeLayerJob], answers: dict[str, LayerAnswer]
) -> Iterator[Event]:
    """Fill ``answers`` as a flow of the window's, which can be ended at any time."""
    for key, question in questions.items():
        answers[key] = _answer_in(desk.run_at(_throw_away(), question), question)
    yield Finished()


def _answer_of(event: Event, question: DescribeLayerJob) -> LayerAnswer | None:
    if isinstance(event, Answer) and isinstance(event.record, LayerAnswer):
        return event.record
    if isinstance(event, Failed) and event.code == ErrorCode.TIME_LIMIT.value:
        return _fault(question, words.LAYER_ENDLESS.format(seconds=round(SECONDS)), event.details)
    if isinstance(event, Failed):
        return LayerAnswer(code=event.code, facts=event.facts, details=event.details)
    if isinstance(event, Crashed):
        how = ending(event.exit_code or -event.signal)
        return _fault(question, words.LAYER_CRASHED.format(ended=how), event.stderr)
    return None


def _fault(question: DescribeLayerJob, why: str, details: str) -> LayerAnswer:
    facts: dict[str, Fact] = {"file": Path(question.file).name, "line": 0, "text": "", "doing": SHAPES}
    code = ErrorCode.OWN_LAYER_FAILED.value
    return LayerAnswer(code=code, facts={**facts, "what": words.LAYER_ENDED, "why": why}, details=details)


def _digests(own: OwnLayers) -> Iterator[str]:
    for name in own.names:
        try:
            yield own.file(name).digest
        except WorkbenchError:
            continue  # broken: it is trusted when it can be read


def _trust_file() -> Path:
    return user_data() / "trusted.json"


def _cache() -> Path:
    return user_cache() / "layers"
