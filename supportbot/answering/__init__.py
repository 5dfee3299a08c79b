"""Answering: what the bot answers, and how fast."""
