"""Tuning for this machine: its button with progress, and the table of what was measured."""
