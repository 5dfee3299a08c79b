"""What the bot may do in a channel, as its admins decided."""
