"""MXNet itself: imported without the warnings of its age, its signal handler put aside, its threads set."""

from __future__ import annotations

import faulthandler
import importlib
import os
import re
import signal
import sys
import warnings
from contextlib import AbstractContextManager

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.training.chatter import held_back

CHATTER = re.compile(rb"\[\d\d:\d\d:\d\d\] \S+: MKLDNN Pooling: training with prop_kind is forward_scoring")
"""A note for MXNet's own makers, once for each average pool that is trained."""
_LIBRARY = re.compile(r"(\S+\.so\S*): cannot open shared object file")
_PACKAGES = ("libgomp1", "libquadmath0")
"""Debian's packages of the libraries that MXNet's wheel leaves to the system."""
_ENVIRONMENT = {
    # Sums in float32 accumulate in a wider type; a run repeated gives the same bits.
    "MXNET_SAFE_ACCUMULATION": "1",
    "MXNET_ENFORCE_DETERMINISM": "1",
    # It would look for the fastest convolution by trying, and say so on every first call.
    "MXNET_CUDNN_AUTOTUNE_DEFAULT": "0",
    "MXNET_STORAGE_FALLBACK_LOG_VERBOSE": "0",
    # Float32 is float32 on a GPU, too: cuDNN would round its factors on newer ones.
    "NVIDIA_TF32_OVERRIDE": "0",
}


def prepare() -> None:
    """Import MXNet; slow, once.

    Raises:
        WorkbenchError: ``LIBRARY_MISSING`` where the system lacks one of those that the wheel leaves out.

    Its import needs a NumPy below 1.24 (``np.bool``) and warns of names that NumPy and Python gave up.
    It puts a handler of its own on SIGSEGV, which would end the process by ``exit`` where its controller
    waits for the signal: the system's comes back, and Python's own report where that was on.
    """
    if "mxnet" in sys.modules:
        return
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    reports = faulthandler.is_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            importlib.import_module("mxnet")
        except OSError as error:
            raise _without_library(error) from error
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    if reports:
        faulthandler.enable()


def _without_library(error: OSError) -> WorkbenchError | OSError:
    found = _LIBRARY.search(str(error))
    if found is None:
        return error
    facts = {"engine": "MXNet", "library": found[1], "packages": " ".join(_PACKAGES)}
    return WorkbenchError(ErrorCode.LIBRARY_MISSING, str(error), **facts)


def without_chatter() -> AbstractContextManager[None]:
    """Hold the error stream back, and let through what is no chatter."""
    return held_back(CHATTER)


def use_threads(threads: int) -> None:
    """Set the threads of its operators on the CPU, from the next operation on."""
    import ctypes

    from mxnet.base import _LIB, check_call

    check_call(_LIB.MXSetNumOMPThreads(ctypes.c_int(threads)))
