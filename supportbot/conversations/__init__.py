"""Questions and answers for the team: finding, reading, reproducing, and acting on them."""
