"""What pages of the console are made of: fields, forms, charts, files, keys, and acting on a person's click."""
