"""What is lost, and what is doubled, when processes end in the middle of work."""
