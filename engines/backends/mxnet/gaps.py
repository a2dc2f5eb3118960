"""What MXNet cannot do of the catalogue: nothing. The conformance suite holds the list to be true."""

from __future__ import annotations

from engines.contract.capabilities import Gap

GAPS: tuple[Gap, ...] = ()
