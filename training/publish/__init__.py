"""From a finished run to a version that can go live: ``python -m training.publish``."""
