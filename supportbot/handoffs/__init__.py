"""Asking a human: who is asked, how often, and until when."""
