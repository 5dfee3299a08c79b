"""The operator's console: what a support lead does, in a browser."""
