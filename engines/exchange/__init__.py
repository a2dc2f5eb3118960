"""One file a format: ``match(path)`` says whether it is mine, ``open(path)`` reads it."""
