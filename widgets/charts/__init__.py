"""Live charts on pyqtgraph; import this room only after the first paint."""
