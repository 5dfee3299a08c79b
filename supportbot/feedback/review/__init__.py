"""Reviewing in the console: what waits for a decision, in the order of what teaches most."""
