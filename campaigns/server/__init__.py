"""The real program on one installation, started in another process or in this one."""
