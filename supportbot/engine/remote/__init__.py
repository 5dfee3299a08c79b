"""The engine past one machine: a model behind one or several servers that speak OpenAI's completions protocol."""
