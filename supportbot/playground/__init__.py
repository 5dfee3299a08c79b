"""The playground: what versions of the model would say to a question. Nothing is kept, and people go first."""
