"""Reading run folders: metric history with growing arrays, comparison, checkpoints."""
