"""Campaigns with the real browser.

It is killed, its worker is stopped and its link is cut, and what its screen said is checked against what is
on the disks.
"""
