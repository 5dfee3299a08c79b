"""Trials: a share of conversations on a candidate, and a test that may be looked at at any time."""
