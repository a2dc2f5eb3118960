"""What an engine's process finds in its environment, beside what the person's own has."""

from __future__ import annotations

import os

_TUNABLES = {
    "glibc.malloc.hugetlb": 1,
    "glibc.malloc.mmap_threshold": 32 * 1024 * 1024,
    "glibc.malloc.trim_threshold": 512 * 1024 * 1024,
}
"""Memory that a step gives back is kept for the next one, in large pages.

As it comes, the GNU C library hands each large tensor back to the system when it is freed, and the next step
takes it anew, page by page: 4 to 16 thousand page faults a step of a small convolutional net, a sixth of its
time on PyTorch and an eighth on JAX. Other systems' libraries, and older ones, leave the variable alone.
"""
MALLOC = "GLIBC_TUNABLES"


def child_environment() -> dict[str, str]:
    """Return the environment for an engine's process; what a person set about memory stays as it is."""
    own = dict(os.environ)
    if not any(name == MALLOC or name.startswith("MALLOC_") for name in own):
        own[MALLOC] = ":".join(f"{name}={value}" for name, value in _TUNABLES.items())
    return own
