"""Reading run folders: lists, metric history with growing arrays, comparison, verifying, the bin."""
