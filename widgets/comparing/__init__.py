"""Parts of the Compare room: what it shows as records, its traces, its matrix, its sheets."""
