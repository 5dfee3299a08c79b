"""The weekly digest: what a workspace asked, what nobody knew, and who helped, for the team that fills the gaps."""
