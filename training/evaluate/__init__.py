"""Whether a candidate is better than what is live: both are asked the same, and every difference has its doubt."""
