"""Readers, splits and preparation into memory-mapped arrays."""
