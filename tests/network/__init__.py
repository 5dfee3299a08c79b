"""A network that fails: between the bot and a platform, in every way that we can think of."""
