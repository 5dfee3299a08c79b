"""How fast the operator's console is with a long log and much knowledge, and what it costs the bot."""
