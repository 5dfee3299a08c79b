"""The weekly digest: what a workspace asked, what was not known, and who helped, for its team."""
