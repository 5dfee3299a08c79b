"""What an operator sees first: whether the bot helps, what has changed, and which answers are missing."""
