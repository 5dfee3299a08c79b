"""Pictures of what people see in Slack and Discord, drawn from the very messages that the bot sends there."""
