"""The starter model: a fictitious shop, a recipe, and the command that trains it."""
