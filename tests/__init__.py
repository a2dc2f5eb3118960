"""The checks; they mirror the rooms of the source."""
