"""What an installer's last words mean: no space, no network, or anything else."""

from __future__ import annotations

import re

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.environments.commands import CommandFailed

_NO_SPACE = re.compile(
    r"No space left on device|os error (28|112)|not enough space|Disk quota exceeded", re.I
)
_NETWORK_REASONS = (
    r"(?:temporary failure in )?name resolution|Name or service not known|getaddrinfo failed"
    r"|nodename nor servname (?:provided, or not known)?",
    r"(?:Network|Host) is unreachable|No route to host|Connection (?:refused|reset by peer|reset)",
    r"certificate verify failed[^\n\"')]*|CERTIFICATE_VERIFY_FAILED|invalid peer certificate[^\n]*"
    r"|Proxy Authentication Required|Cannot connect to proxy",
    r"operation timed out|read timed out|connect(?:ion)? timed out|timed out",
    r"dns error|client error \(Connect\)|NewConnectionError|Connection ?Error",
    r"error sending request|Failed to fetch|Could not fetch URL",
)
"""What installers say where the network is in the way, the more telling first."""
_NO_NETWORK = re.compile("|".join(_NETWORK_REASONS), re.I)
_ADDRESS = re.compile(r"https?://[^\s\"'`<>()]+|host='([^']+)'")


def _no_network(words: str) -> str:
    """Return the reason in a few of the installer's own words, and the address that was asked."""
    found = (re.search(reason, words, re.I) for reason in _NETWORK_REASONS)
    reason = next((one.group().strip() for one in found if one), "")
    address = _ADDRESS.search(words)
    return f"{(address.group(1) or address.group())}: {reason}" if address else reason


def install_fault(failed: CommandFailed, engine: str, folder: str) -> WorkbenchError:
    """Return the error of ours that an installer's end means."""
    words = failed.said
    if found := _NO_SPACE.search(words):
        return WorkbenchError(ErrorCode.DISK_FULL, words, path=folder, why=found.group())
    if _NO_NETWORK.search(words):
        return WorkbenchError(ErrorCode.NETWORK_DOWN, words, engine=engine, why=_no_network(words))
    return WorkbenchError(ErrorCode.INSTALL_FAILED, words, engine=engine, status=failed.status)
