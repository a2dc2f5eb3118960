"""Where everything meets: entry point, window, command line, controllers, messages, bridge."""

VERSION = "0.1.0"
"""As in pyproject.toml; a test holds them together."""
