"""Candidates for training: collected from the log, imported from files, decided by a curator."""
