"""The two charts of a comparison: the curves over one another, and beneath how far they are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from engines.runs.engine_comparison import BOUND_STEPS, Curve, differences
from widgets.charts.chart import LineChart
from widgets.charts.numbers import power_text
from widgets.charts.trace import Steps, Trace
from widgets.comparing.shown import ComparisonView
from widgets.comparing.traces import BoundTrace, EngineTrace
from widgets.controls.card import Card
from widgets.controls.fields import choice
from widgets.controls.text import label
from widgets.look.theme import scaled
from widgets.look.tokens import GAP

CURVES = (
    ("whole/loss", "Training loss"),
    ("whole/validation_loss", "Validation loss"),
    ("check/loss", "Check in FP64"),
    ("check/validation_loss", "Check, validation"),
)
_CHOOSER = 148
_RESOLUTION = {False: 2.0**-24, True: 2.0**-53}
"""Half a unit in the last place: what is equal in float32 or float64 is at most so far apart."""


class ComparedCurves(QWidget):
    """Fed by :meth:`set_view` and :meth:`set_curve`; a person chooses which curve is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.curves = LineChart("compare_curves", "Curves of all engines", can_log=True, wraps=True)
        self.apart = LineChart("compare_apart", "Difference of the curves", wraps=True)
        self.apart.set_log(True)
        self.chooser = choice("compare_curve", "Curve", CURVES)
        self.chooser.setFixedWidth(scaled(_CHOOSER))  # what it leaves is the legend's
        self._view: ComparisonView | None = None
        self._curves: dict[tuple[str, str], Curve] = {}
        self._chosen = ""
        self._keys: tuple[object, ...] = ()
        self._build()
        self.chooser.activated.connect(self._on_chosen)

    def set_view(self, view: ComparisonView) -> None:
        """Take another comparison, or another state of it."""
        if self._view is None or view.key != self._view.key:
            self._curves, self._chosen = {}, ""
        self._view = view
        self._offer()
        self._lay_out()

    def set_curve(self, part: str, engine: str, curves: Mapping[str, Curve]) -> None:
        """Give what is read of an engine's curves in a part, by ``loss`` and ``validation_loss``."""
        for name, curve in curves.items():
            self._curves[f"{part}/{name}", engine] = curve
        self._lay_out()

    def refresh(self) -> None:
        """Draw what was given."""
        shown = self.shown
        for line in self._engines():
            curve = self._curves.get((shown, line))
            if curve is not None and len(curve[0]):
                self.curves.set_data(line, _steps(curve), curve[1])
            for key, of in ((line, shown), (f"{line}/check", "check/loss")):
                if key in self.apart.traces:
                    steps, values = self._difference(of, line)
                    self.apart.set_data(key, steps, values)
        self._draw_bounds()

    @override
    def sizeHint(self) -> QSize:
        """Ask for no more than is needed: what is left of the page comes to the charts anyway."""
        return self.minimumSizeHint()

    @property
    def shown(self) -> str:
        """Which curve is looked at: what was chosen, else the whole training as soon as it has begun."""
        if self._chosen:
            return self._chosen
        whole = any(key.startswith("whole/") and len(curve[0]) for (key, _), curve in self._curves.items())
        parts = self._view.parts if self._view else ("whole",)
        return "whole/loss" if whole or "check" not in parts else "check/loss"

    def _engines(self) -> list[str]:
        return [key for _, key, _ in self._lines()]

    def _lines(self) -> list[tuple[int, str, str]]:
        """Return place, key and title of every engine but those that never came to have a curve."""
        lines = enumerate(self._view.engines) if self._view else ()
        return [(place, line.key, line.title) for place, line in lines if line.run or not line.reason]

    def _difference(self, of: str, engine: str) -> Curve:
        engines = [key for key in self._engines() if (of, key) in self._curves]
        base = self._curves.get((of, engines[0])) if engines and engines[0] != engine else None
        other = self._curves.get((of, engine))
        if base is None or other is None:
            return np.empty(0, np.int64), np.empty(0)
        steps, values = differences(base, other)
        double = of.startswith("check/") or (self._view is not None and self._view.double)
        return steps, np.maximum(values, _RESOLUTION[double])

    def _bound(self) -> float:
        view = self._view
        return 0.0 if view is None else view.bounds[int(self.shown.startswith("check/"))]

    def _lay_out(self) -> None:
        """Make the traces anew where other engines or another curve are to be shown; then draw."""
        if self._view is None:
            return
        both = self.shown == "whole/loss" and "check" in self._view.parts
        keys = (self._view.key, self.shown, tuple(self._engines()), self._bound(), both)
        if keys != self._keys:
            self._keys = keys
            self._make_traces(both=both)
        self.refresh()

    def _make_traces(self, *, both: bool) -> None:
        view, shown = self._view, self.shown
        assert view is not None
        marks = shown.endswith("validation_loss")
        lines = self._lines()
        self.curves.set_traces([EngineTrace(key, title, place, marks=marks) for place, key, title in lines])
        others = lines[1:]
        traces: list[Trace] = [EngineTrace(key, title, place, marks=marks) for place, key, title in others]
        if both:
            traces += [
                EngineTrace(f"{key}/check", f"{title}, FP64", place, faint=True)
                for place, key, title in others
            ]
        if self._bound():
            traces.append(BoundTrace("bound", f"bound {power_text(self._bound())}"))
        if both and view.bounds[1]:
            traces.append(BoundTrace("check_bound", f"bound {power_text(view.bounds[1])}"))
        self.apart.set_traces(traces)
        self._name_traces(traces)
        total = view.steps[int(shown.startswith("check/"))]
        for chart in (self.curves, self.apart):
            chart.set_span(total, 1, "step")
        self.chooser.setCurrentIndex(max(0, self.chooser.findData(shown)))

    def _name_traces(self, traces: Sequence[Trace]) -> None:
        """Name every engine once, the thin lines of all checks together, and the bounds."""
        thin = [trace for trace in traces if trace.key.endswith("/check")]
        bounds = [trace for trace in traces if isinstance(trace, BoundTrace)]
        named = [trace for trace in traces if trace not in thin and trace not in bounds]
        if thin:
            named.append(EngineTrace("thin", "FP64", thin[0].series, faint=True))
        if bounds:
            words = ", ".join(trace.title.removeprefix("bound ") for trace in bounds)
            named.append(BoundTrace("bounds", f"bound{'s' if len(bounds) > 1 else ''} {words}"))
        self.apart.legend.set_traces(named)

    def _draw_bounds(self) -> None:
        view = self._view
        if view is None:
            return
        check = self.shown.startswith("check/")
        lasts = {
            "bound": view.steps[1] if check else min(BOUND_STEPS, view.steps[0]),
            "check_bound": view.steps[1],
        }
        values = {"bound": self._bound(), "check_bound": view.bounds[1]}
        for key, last in lasts.items():
            if key in self.apart.traces:
                self.apart.set_data(key, np.array([0, last]), np.full(2, values[key]))

    def _offer(self) -> None:
        """Offer the curves of the parts that there are."""
        assert self._view is not None
        wanted = [(key, words) for key, words in CURVES if key.partition("/")[0] in self._view.parts]
        if [self.chooser.itemData(place) for place in range(self.chooser.count())] != [k for k, _ in wanted]:
            self.chooser.clear()
            for key, words in wanted:
                self.chooser.addItem(words, key)

    def _on_chosen(self, place: int) -> None:
        self._chosen = str(self.chooser.itemData(place))
        self._lay_out()

    def _build(self) -> None:
        curves_card, apart_card = Card(), Card()
        self.curves.head.insertWidget(0, self.chooser)
        self.curves.head.insertSpacing(1, 12)
        QWidget.setTabOrder(self.chooser, self.curves.log_button)
        title = label("Difference", "heading")
        title.setToolTip("|a − b| / max(|a|, 0.01), a being the first engine’s value")
        self.apart.head.insertWidget(0, title)
        self.apart.head.insertSpacing(1, 12)
        curves_card.body.addWidget(self.curves)
        apart_card.body.addWidget(self.apart)
        self.curves.setMinimumHeight(scaled(168))
        self.apart.setMinimumHeight(scaled(150))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(curves_card, 5)
        column.addWidget(apart_card, 4)


def _steps(curve: Curve) -> Steps:
    return np.asarray(curve[0], np.int64)
