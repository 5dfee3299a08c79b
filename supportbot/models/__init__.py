"""Going live: versions, evidence, and the switch between them."""
