"""One canvas for every room that draws a graph: cards, smooth edges, zoom, search, keyboard, pictures."""
