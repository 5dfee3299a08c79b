"""Lost and doubled answers when processes end in the middle of work."""
