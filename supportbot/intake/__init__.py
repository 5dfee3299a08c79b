"""Hear and keep: from a message to a question that is safe."""
