"""The cost of knowledge: encoding, fitting, looking up, starting, memory."""
