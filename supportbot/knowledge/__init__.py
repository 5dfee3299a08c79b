"""Knowledge: the answers that people approved, and how a question finds one."""
