"""Clients over HTTP that follow the rules of the queue, and record what clinicians saw."""
