"""Histories of the phone's queue in virtual time: plain JavaScript, run by Node beside the product's own."""
