"""The recipe ``faq``: a small model trained from scratch on approved answers and their wordings."""
