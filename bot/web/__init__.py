"""The local chat page, and the probes and metrics that operators expect."""
