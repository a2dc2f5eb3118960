"""A scripted, deterministic engine that can misbehave, for tests of hosts and the window."""
