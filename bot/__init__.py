"""The daemon: the platforms' adapters and what starts them."""
