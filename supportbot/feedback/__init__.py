"""Judging: what people think of answers, and what follows from it."""
