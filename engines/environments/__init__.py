"""Interpreters and environments of engines."""
