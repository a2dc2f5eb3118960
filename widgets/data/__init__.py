"""Pictures of data: samples as small images, classes and splits as bars, columns as a table."""
