"""Parts of the Settings room: the list of engines and the page about each."""
