"""How fast the operator's console is where much was asked and much is known, and what it costs the bot."""
