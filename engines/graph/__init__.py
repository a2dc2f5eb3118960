"""Graphs as a person looks at them: readers, layout, passes, proof, profile."""
