"""Trials: a candidate answers a share of conversations, and a test that is valid at any time compares it."""
