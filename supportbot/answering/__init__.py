"""Say: what the bot answers, and how fast."""
