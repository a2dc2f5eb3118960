"""Runs a job somewhere: a child process or this thread; and the worker's entry point."""
