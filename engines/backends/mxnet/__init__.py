"""The MXNet engine: Gluon blocks of Apache MXNet 1.9.1, which nobody keeps upstream any more."""
