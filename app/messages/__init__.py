"""Sentences for a person: one table from error code and facts, for window, command line and log alike."""
