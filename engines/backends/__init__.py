"""One folder an engine, each with the modules probe, build, train and export."""
