"""A provider of OpenID Connect on this machine, with real keys: strict, and as wrong as a test wants."""
