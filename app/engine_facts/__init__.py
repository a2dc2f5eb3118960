"""What is known of each engine: where it runs, what it reported, how it is, what may be chosen."""
