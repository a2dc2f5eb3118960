"""The one table of sentences: error code and facts to what, why, what to do, and a button."""
