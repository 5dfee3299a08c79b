"""What was asked and answered, as the team looks into it: found, read, said again, and acted on."""
