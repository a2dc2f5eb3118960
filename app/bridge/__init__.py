"""The bridge from engine to GUI: worker threads that own hosts and hand events over in batches."""
