"""Doubles and checks that many tests share."""
