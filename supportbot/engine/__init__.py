"""Engines: what continues a prompt."""
