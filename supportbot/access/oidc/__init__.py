"""Signing in with a provider of OpenID Connect, of which Slack is one."""
