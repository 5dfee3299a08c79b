"""Receiving: from a message to a stored question."""
