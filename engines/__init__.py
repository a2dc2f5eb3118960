"""All that computes, and nothing of Qt."""
