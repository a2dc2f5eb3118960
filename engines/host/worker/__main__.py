"""The child's entry point: make ``engines`` importable and nothing else of ours, then serve jobs.

The host runs this very file with any interpreter from Python 3.10 on that has the framework. Neither
this folder nor the current one nor the house stays on the path, so that ``app``, ``tests`` and
``resources`` shadow nothing of the user's, wherever Modelwright is installed.
"""

import importlib.machinery
import importlib.util
import os
import sys

_WORKER = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - before any import of weight
_ENGINES = os.path.dirname(os.path.dirname(_WORKER))  # noqa: PTH120
_HOUSE = os.path.dirname(_ENGINES)  # noqa: PTH120
_HIDDEN = {"app", "widgets", "resources", "tests"}


class EnginesAlone:
    """Finds ``engines`` in the house, and hides the house's other packages."""

    @staticmethod
    def find_spec(name, path=None, target=None):  # type: ignore[no-untyped-def]
        """Return the spec of ``engines``; refuse a hidden name that only the house would answer."""
        if name == "engines":
            file = os.path.join(_ENGINES, "__init__.py")  # noqa: PTH118
            return importlib.util.spec_from_file_location(name, file, submodule_search_locations=[_ENGINES])
        if name not in _HIDDEN:
            return None
        elsewhere = [entry for entry in sys.path if os.path.abspath(entry) != _HOUSE]  # noqa: PTH100
        spec = importlib.machinery.PathFinder.find_spec(name, elsewhere, target)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return spec


def narrow_path() -> None:
    """Take this folder, the current one and a house that is no site-packages off the path."""
    site = os.path.basename(_HOUSE) in ("site-packages", "dist-packages")  # noqa: PTH119
    ours = {_WORKER} if site else {_WORKER, _HOUSE}
    sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) not in ours]  # noqa: PTH100
    sys.meta_path.insert(0, EnginesAlone)


narrow_path()

if __name__ == "__main__":
    from engines.host.worker.loop import main

    main()
