"""Everything at once: kills, a network that breaks, switches of the model, votes, erasures and floods."""
