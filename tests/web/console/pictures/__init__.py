"""The pictures of the console in the docs: a made-up boat hire, each page of it, and how they are drawn."""
