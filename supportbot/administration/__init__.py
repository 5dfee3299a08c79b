"""What operators decide about the whole bot, beside what it knows and who runs it."""
