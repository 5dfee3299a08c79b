"""What the daemon tells about itself: logs, metrics, the pulse of its event loop."""
