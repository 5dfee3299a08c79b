"""Measurements against peers, side by side in one run; each module is a command."""
