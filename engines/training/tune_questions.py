"""What a tuning asks: the ways of each question, the present one first. Framework-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engines.contract.jobs import TuneJob
from engines.contract.spec import Recipe
from engines.training.abilities import Abilities
from engines.training.order import batch_shape
from engines.training.plan import CHUNK_SECONDS, thread_candidates
from engines.training.tune_ways import Way

LONGEST_CALL = 4 * CHUNK_SECONDS
"""Nobody is heard and nothing shown within one call; a longer one is not offered."""
GROWTH = (1, 2, 4)
"""Batch sizes that are looked at, times the recipe's."""


class Questions:
    """The questions about one job; each begins from the way that would be ``taken`` as yet."""

    def __init__(self, job: TuneJob, abilities: Abilities, samples: int) -> None:
        self._job, self._abilities, self._samples = job, abilities, samples
        self._images = len(job.manifest.input_shape) == 3

    def settings(self, recipe: Recipe) -> dict[str, str | int]:
        """Return how a recipe is run: its mode, and its memory layout where that is a question."""
        settings: dict[str, str | int] = {"run_mode": self._abilities.mode(recipe)}
        if self._images and len(self._abilities.layouts) > 1:
            settings["memory_layout"] = self._abilities.layout(recipe)
        return settings

    def threads(self, taken: Way, counts: Sequence[int]) -> list[Way]:
        """Return the recipe's own count, and the others, fewest first."""
        others = [count for count in counts if count != taken.threads]
        ways = [Way(replace(taken.recipe, threads=count), {"threads": count}) for count in others]
        return [_again(taken, {"threads": taken.threads}), *ways]

    def layouts(self, taken: Way) -> list[Way]:
        """Return every memory layout of images in the recipe's own mode."""
        own = self._abilities.layout(taken.recipe)
        layouts = [layout for layout in self._abilities.layouts if self._images and layout != own]
        return self._runs(taken, [replace(taken.recipe, memory_layout=layout) for layout in layouts])

    def modes(self, taken: Way) -> list[Way]:
        """Return every mode in the layout that was taken, those that are soon ready first."""
        own, steps, seconds = (
            self._abilities.mode(taken.recipe),
            self._job.recipe.chunk_steps,
            self._abilities.compiling,
        )
        modes = sorted(
            (mode for mode in self._abilities.modes if mode != own), key=lambda mode: seconds.get(mode, 0.0)
        )
        return self._runs(taken, [replace(taken.recipe, run_mode=mode, chunk_steps=steps) for mode in modes])

    def _runs(self, taken: Way, others: Sequence[Recipe]) -> list[Way]:
        ways = [Way(other, self.settings(other)) for other in others]
        return [_again(taken, self.settings(taken.recipe)), *ways]

    def batch_sizes(self, taken: Way) -> list[Way]:
        """Return the recipe's batch size, and two larger ones that the data fill."""
        recipe, steps = taken.recipe, self._job.recipe.chunk_steps
        sizes = [growth * recipe.batch_size for growth in GROWTH[1:]]
        ways = [
            Way(replace(recipe, batch_size=size, chunk_steps=steps), {"batch_size": size})
            for size in sizes
            if size <= self._samples
        ]
        return [_again(taken, {"batch_size": recipe.batch_size}), *ways]

    def calls(self, taken: Way) -> list[Way]:
        """Return fewer and more steps a call, up to an epoch and to what a person would wait for."""
        own = taken.steps
        epoch, _ = batch_shape(self._job.manifest.splits.get("train", 0), taken.recipe.batch_size)
        longest = max(1, min(epoch, own * round(LONGEST_CALL / CHUNK_SECONDS)))
        counts = [count for count in dict.fromkeys((max(1, own // 4), longest)) if count != own]
        ways = [Way(replace(taken.recipe, chunk_steps=count), {"chunk_steps": count}) for count in counts]
        return [_again(taken, {"chunk_steps": own}), *ways]


def _again(taken: Way, settings: dict[str, str | int]) -> Way:
    """Return what would be taken now, to be measured beside others."""
    return Way(taken.recipe, settings, threads=taken.threads, steps=taken.steps)


def every_thread_count(cores: int) -> tuple[int, ...]:
    """Return the counts worth measuring, all cores among them."""
    return tuple(sorted({*thread_candidates(cores), cores}))
