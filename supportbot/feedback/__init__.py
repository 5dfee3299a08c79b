"""Judge: what people think of answers, and what becomes of it."""
