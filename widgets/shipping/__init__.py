"""What leaves the house: the proof of a file as numbers, as a ruler and in words."""
