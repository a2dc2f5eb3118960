"""What was done to data and what is odd about it, in words."""

from __future__ import annotations

from engines.contract.spec import DataManifest


def kind_of_input(manifest: DataManifest) -> str:
    """Return what one sample is."""
    shape = manifest.input_shape
    if len(shape) == 3:
        return f"pictures of {shape[2]} × {shape[1]}, {_channels(shape[0])}"
    if len(shape) == 1:
        return "1 column" if shape[0] == 1 else f"{shape[0]:,} columns"
    return "arrays of " + " × ".join(map(str, shape))


def _channels(count: int) -> str:
    return {1: "grey", 3: "colour"}.get(count, f"{count} channels")


def facts(manifest: DataManifest) -> list[tuple[str, str]]:
    """Return what was done to the samples, as pairs of name and value."""
    done = manifest.preparation
    rows = []
    if "scale" in done:
        rows.append(("Values", f"× {done['scale']}"))
    elif "std" in done:
        rows.append(("Columns", "mean 0, deviation 1"))
    if "missing" in done:
        rows.append(("Missing values", "the column's mean"))
    if "target_std" in done:
        rows.append(("Target's scale", "mean 0, deviation 1"))
    if "seed" in done:
        rows.append(("Seed of the split", done["seed"]))
    rows.append(("Fingerprint", manifest.digest[:12]))
    return rows


def warning_words(warning: str) -> str:
    """Return a sentence for a manifest's warning such as ``constant_column:age``."""
    code, _, about = warning.partition(":")
    sentences = {
        "constant_column": "Column “{}” has the same value everywhere in training; it teaches nothing.",
        "rows_dropped": "Rows left out because a value was missing: {}.",
        "values_filled": "Missing values that became their column's mean: {}.",
    }
    sentence = sentences.get(code)
    return sentence.format(about) if sentence else warning.replace("_", " ")
