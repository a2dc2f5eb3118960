"""What an installer's last words mean: no space, no network, or anything else."""

from __future__ import annotations

import re

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.environments.commands import CommandFailed

_NO_SPACE = re.compile(
    r"No space left on device|os error (28|112)|not enough space|Disk quota exceeded", re.I
)
_NO_NETWORK = re.compile(
    r"name resolution|Name or service not known|getaddrinfo failed|NewConnectionError|Connection ?Error"
    r"|Network is unreachable|dns error|client error \(Connect\)|error sending request|Failed to fetch"
    r"|timed out|Could not fetch URL|Connection (refused|reset)|nodename nor servname",
    re.I,
)


def install_fault(failed: CommandFailed, engine: str, folder: str) -> WorkbenchError:
    """Return the error of ours that an installer's end means."""
    words = failed.said
    if found := _NO_SPACE.search(words):
        return WorkbenchError(ErrorCode.DISK_FULL, words, path=folder, why=found.group())
    if found := _NO_NETWORK.search(words):
        line = next((one for one in words.splitlines() if found.group() in one), found.group())
        return WorkbenchError(ErrorCode.NETWORK_DOWN, words, engine=engine, why=line.strip()[:200])
    return WorkbenchError(ErrorCode.INSTALL_FAILED, words, requirement=engine, status=failed.status)
