"""Whether a candidate is better than the live version: both get the same questions, and every difference has an
interval."""
