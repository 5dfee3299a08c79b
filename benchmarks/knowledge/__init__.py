"""What knowing costs: encoding, fitting, looking up, starting, memory."""
