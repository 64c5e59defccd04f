"""Campaigns with the real browser: it is killed, its worker is stopped and its link is cut, and what its
screen said is held against what the disks hold."""
