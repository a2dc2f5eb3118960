"""Every job step by step: generators of events over a desk, for window and command line alike."""
