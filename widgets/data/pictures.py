"""Samples as pictures: float arrays, channels first, scaled to what the eye can see."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

Samples = npt.NDArray[np.float32]


def is_picture(shape: tuple[int, ...]) -> bool:
    """Tell whether samples of ``shape`` can be drawn: one or three channels of at least 2×2."""
    return len(shape) == 3 and shape[0] in (1, 3) and min(shape[1:]) >= 2


def pictures(samples: Samples) -> list[QImage]:
    """Return each sample as an image; darkest and brightest are those of all samples together."""
    finite = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    span = high - low or 1.0
    bytes_ = ((finite - low) * (255.0 / span)).round().astype(np.uint8)
    return [_picture(sample) for sample in bytes_]


def _picture(sample: npt.NDArray[np.uint8]) -> QImage:
    channels, height, width = sample.shape
    pixels = np.ascontiguousarray(np.moveaxis(sample, 0, -1))
    kind = QImage.Format.Format_Grayscale8 if channels == 1 else QImage.Format.Format_RGB888
    return QImage(pixels.tobytes(), width, height, width * channels, kind).copy()
