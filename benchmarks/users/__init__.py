"""FAQs with questions as users type them, written for this; all names are invented."""
