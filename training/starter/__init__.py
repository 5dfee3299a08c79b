"""The starter model: a fictitious shop, a recipe, and what makes a model of both."""
