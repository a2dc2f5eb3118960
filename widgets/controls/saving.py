"""Files that a person saves from a page: written whole or not at all, and never failing in silence.

Each function raises ``COPY_UNWRITABLE`` or ``DISK_FULL`` where the file cannot be written.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QRectF, QSize
from PySide6.QtGui import QImage, QImageWriter, QPainter


def save_text(text: str, path: Path) -> None:
    """Write ``text`` as UTF-8 with the line ends it has."""
    _write(path, text.encode("utf-8"))


def save_image(image: QImage, path: Path) -> None:
    """Write a picture of pixels in the format that the ending names, PNG where it names none."""
    ending, buffer = path.suffix[1:].lower().encode(), _buffer()
    writer = QImageWriter(buffer, b"png")
    if ending in QImageWriter.supportedImageFormats():
        writer.setFormat(ending)
    writer.write(image)
    _write(path, bytes(buffer.data().data()))


def save_svg(size: QSize, title: str, draw: Callable[[QPainter], object], path: Path) -> None:
    """Write what ``draw`` paints, ``size`` large, as SVG."""
    from PySide6.QtSvg import QSvgGenerator  # not before the first paint, as all that follows

    buffer, generator = _buffer(), QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle(title)
    painter = QPainter(generator)
    draw(painter)
    painter.end()
    _write(path, bytes(buffer.data().data()))


def _buffer() -> QBuffer:
    made = QBuffer()
    made.open(QIODevice.OpenModeFlag.WriteOnly)
    return made


def _write(path: Path, content: bytes) -> None:
    from engines.contract.errors import ErrorCode, WorkbenchError
    from engines.contract.files import write_atomic

    try:
        write_atomic(path, content)
    except WorkbenchError as fault:
        if fault.code is ErrorCode.DISK_FULL:
            raise
        raise WorkbenchError(ErrorCode.COPY_UNWRITABLE, **fault.facts) from fault
