"""systemd, as the bot meets it: the unit that runs the daemon, and what the daemon tells the service manager."""
