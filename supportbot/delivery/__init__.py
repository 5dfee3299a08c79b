"""Delivery: each reply in the database reaches its platform once."""
