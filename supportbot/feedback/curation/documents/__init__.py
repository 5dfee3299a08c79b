"""Documents that somebody has: each is read into sections, and its passages are proposed to a curator.

Nothing of a document is said to anybody before a curator approved it; this package only makes candidates.
"""
