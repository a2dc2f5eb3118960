"""The frozen records that every room speaks: specs, recipes, jobs, events, errors, views, the wire.

Standard library and NumPy only, Python 3.10 syntax: the worker imports this in anyone's interpreter.
"""
