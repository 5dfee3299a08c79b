"""Writes the figures of recorded runs into marked places of documents."""
