"""The Discord adapter, driven through a simulated Discord and through a local one."""
