"""What ``doctor`` and the start try out: each part as photos use it, and for each failure what to change."""
