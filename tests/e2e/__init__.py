"""The real daemon process, from the outside."""
