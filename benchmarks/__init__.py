"""Measurements beside peers, in one run; each module is a command."""
