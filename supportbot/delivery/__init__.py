"""Show: a reply that is in the database reaches its platform once."""
