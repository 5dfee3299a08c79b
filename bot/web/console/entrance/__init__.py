"""Who is let into the console: the door before every address, and signing in."""
