"""One folder an engine, each with probe, build, train, export and jobs; beside them what engines share."""
