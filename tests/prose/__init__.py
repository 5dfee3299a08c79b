"""Checks how documents and docstrings are written."""
