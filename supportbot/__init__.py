"""The core: what a support bot is. It knows no chat platform."""
