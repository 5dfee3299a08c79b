"""Looking back: how often people asked and how well they were answered, and which questions are worth offering."""
