"""How fast a run goes: time gone, steps a second over the last seconds, an estimate of what is left."""

from __future__ import annotations

from collections import deque

WINDOW_S = 4.0


class Pace:
    """Fed with a monotonic ``now`` in seconds; keeps no clock of its own."""

    def __init__(self) -> None:
        self.running = False
        self._gone, self._since = 0.0, 0.0
        self._marks: deque[tuple[float, int]] = deque()

    def set_running(self, running: bool, now: float) -> None:
        """Let time run, or stand still."""
        self._gone, self._since = self.elapsed(now), now
        if running and not self.running:
            self._marks.clear()
        self.running = running

    def set_elapsed(self, seconds: float, now: float) -> None:
        """Take the run's own clock, as an event told it."""
        self._gone, self._since = seconds, now

    def note(self, step: int, now: float) -> None:
        """Remember where the run is."""
        if self._marks and self._marks[-1][1] == step:
            return
        self._marks.append((now, step))
        while len(self._marks) > 2 and now - self._marks[0][0] > WINDOW_S:
            self._marks.popleft()

    def elapsed(self, now: float) -> float:
        """Return the seconds gone, pauses left out."""
        return self._gone + (now - self._since if self.running else 0.0)

    def steps_per_second(self) -> float:
        """Return the rate over the last seconds, 0 where it is not known yet."""
        if len(self._marks) < 2:
            return 0.0
        (first, low), (last, high) = self._marks[0], self._marks[-1]
        return (high - low) / (last - first) if last > first else 0.0

    def left(self, steps: int) -> float | None:
        """Return the seconds that ``steps`` more will take, None where it is not known."""
        rate = self.steps_per_second()
        return steps / rate if rate > 0 else None


def clock_text(seconds: float) -> str:
    """Return seconds as 00:14 or 1:02:03."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes:02}:{second:02}"
