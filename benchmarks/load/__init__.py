"""How the daemon does when people ask more than it can answer."""
