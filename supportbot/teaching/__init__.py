"""What a curator does with the knowledge, for the command line and the console alike: look, try, bring, judge."""
