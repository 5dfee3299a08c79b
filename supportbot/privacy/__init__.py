"""A person's data: handed out, erased, and not kept for longer than is wanted."""
