"""Functions that only compiled code calls are typed and translated once, and then left to their callers.

Numba makes each function a library of its own: it optimises a copy of it with all that it calls, and makes machine code
of it, which nobody runs where every caller has its own copy. Of a chain of calls the last function is so optimised once
for each link. Here a library ends with its intermediate code: the function that Python or C calls takes it in, and is
optimised and turned into machine code as a whole. The machine code is the same.
"""

from __future__ import annotations

from typing import Any

from numba import _dynfunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class _LinkedLibrary(JITCodeLibrary):  # type: ignore[misc]
    """Intermediate code that is linked into that of callers."""

    def _optimize_final_module(self) -> None:
        """Left to the callers."""

    def _finalize_final_module(self) -> None:
        """Make no machine code."""
        self._finalize_dynamic_globals()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _LinkedLowering(NativeLowering):  # type: ignore[misc]
    """Numba's lowering, up to the point where machine code is made."""

    _name = "hddm_sbi_linked_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower the function, and make it known to its callers."""
        state.library = _LinkedLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        lowered = state["cr"]
        described = lowered.fndesc
        name = described.qualname.split(".")[-1]
        # by this object, which cannot be called, callers find the library
        known = _dynfunc.make_function(described.lookup_module(), name, "", 0, lowered.env, (state.library,))
        state.targetctx.insert_user_function(known, described, [state.library])
        state["cr"] = lowered._replace(cfunc=known)
        return True


class Linked(Compiler):  # type: ignore[misc]
    """A pipeline for ``njit``."""

    def define_pipelines(self) -> list[Any]:
        """Numba's own passes, with another lowering."""
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.passes = [(_LinkedLowering if one is NativeLowering else one, why) for one, why in manager.passes]
        manager._finalized = False
        manager.finalize()
        return [manager]
