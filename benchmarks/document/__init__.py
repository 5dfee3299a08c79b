"""The figures of recorded runs, put where documents have marked places for them."""
