"""Names of layers: they become module names in every engine, attribute names in code, scopes in ONNX."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container

from engines.contract.errors import ErrorCode, WorkbenchError

_FORM = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

# Attributes that modules of torch and Flax have already (a test holds this list against torch), and the
# words that written code uses.
RESERVED = frozenset(
    """
    F T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda
    double dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter
    get_submodule half ipu iter_children iter_modules load_state_dict math modules mtia
    named_buffers named_children named_modules named_parameters nn parameters perturb
    register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ self set_attributes
    set_extra_state set_submodule share_memory sow state_dict super to to_empty torch train training
    type xpu zero_grad
    """.split()  # noqa: SIM905 - a list of this length reads better as words
)


def check_name(name: object, taken: Container[str] = ()) -> str:
    """Return ``name`` if a layer may have it; raises ``DESIGN_NAME_INVALID`` or ``DESIGN_NAME_TAKEN``."""
    fits = isinstance(name, str) and _FORM.fullmatch(name) and not keyword.iskeyword(name)
    if not isinstance(name, str) or not fits or name in RESERVED:
        raise WorkbenchError(ErrorCode.DESIGN_NAME_INVALID, name=str(name)[:80])
    if name in taken:
        raise WorkbenchError(ErrorCode.DESIGN_NAME_TAKEN, name=name)
    return name


def free_name(stem: str, taken: Container[str]) -> str:
    """Return ``stem`` with the first number that is free: conv1, conv2 …"""
    number = 1
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"
