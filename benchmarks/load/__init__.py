"""The daemon under more questions than it can answer."""
