"""The recipe ``faq``: a small model made from scratch of approved answers and the ways of asking for them."""
