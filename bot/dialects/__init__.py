"""What each platform makes of Markdown: its text read and written, by pure functions that need no adapter."""
