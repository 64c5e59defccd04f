"""A phone with a long queue, and several pages that would all like to send it."""
