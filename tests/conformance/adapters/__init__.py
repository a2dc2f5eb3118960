"""Each engine's own words for what the suite asks; the same functions in each."""
