"""Qt's and MXNet's system libraries on Debian-like systems: which are missing, and how to get them.

Standard library, Python 3.8 syntax. A library counts as there when it loads.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List

# Seen with objdump -p on the xcb and offscreen plugins, QtGui and QtWebEngineCore of PySide6 6.11.3.
LIBRARIES: Dict[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb-dri3.so.0": "libxcb-dri3-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgbm.so.1": "libgbm1",
    "libnss3.so": "libnss3",
    "libXcomposite.so.1": "libxcomposite1",
    "libXdamage.so.1": "libxdamage1",
    "libXrandr.so.2": "libxrandr2",
    "libXtst.so.6": "libxtst6",
    "libasound.so.2": "libasound2",
    "libxkbfile.so.1": "libxkbfile1",
    "libXfixes.so.3": "libxfixes3",
    "libudev.so.1": "libudev1",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    # What the wheel of MXNet 1.9.1 leaves to the system.
    "libgomp.so.1": "libgomp1",
    "libquadmath.so.0": "libquadmath0",
}
# Debian 13 and Ubuntu 24.04 renamed what carries a 64-bit time.
RENAMED = {"libasound2": "libasound2t64", "libglib2.0-0": "libglib2.0-0t64"}
FONTS = ("/usr/share/fonts", "/usr/local/share/fonts")


def debian_like() -> bool:
    """Tell whether this system installs with apt-get."""
    return sys.platform.startswith("linux") and shutil.which("apt-get") is not None


def loads(library: str) -> bool:
    """Tell whether the system's loader finds a library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing(loads: Callable[[str], bool] = loads, display: bool = True) -> List[str]:
    """Return the packages to install: of libraries that do not load, a font, a virtual screen."""
    packages = [package for library, package in LIBRARIES.items() if not loads(library)]
    if not any(next(Path(folder).rglob("*.[to]tf"), None) for folder in FONTS):
        packages.append("fonts-dejavu-core")
    if not display and not shutil.which("Xvfb"):
        packages.append("xvfb")
    return packages


def as_root() -> List[str]:
    """Return the prefix that runs a command as root without asking; ["?"] where that is not allowed."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.call(["sudo", "-n", "true"], stderr=subprocess.DEVNULL) == 0:
        return ["sudo", "-n"]
    return ["?"]


def install(packages: List[str], say: Callable[[str], None]) -> bool:
    """Install Debian packages where that is allowed; else say the one command to run. Return whether done."""
    prefix = as_root()
    if prefix != ["?"]:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
        apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
        subprocess.call([*apt, "update"], **quiet)
        command = [*apt, "-y", "--no-install-recommends", "install", *_named_here(packages)]
        if subprocess.call(command, **quiet) == 0:
            return True
    say("Please run this once, then start again:")
    say("  sudo apt-get install " + " ".join(_named_here(packages)))
    return False


def _named_here(packages: List[str]) -> List[str]:
    """Return the packages under the names that this release gives them."""
    return [RENAMED[name] if name in RENAMED and _is_known(RENAMED[name]) else name for name in packages]


def _is_known(package: str) -> bool:
    show = ["apt-cache", "show", package]
    return subprocess.call(show, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
