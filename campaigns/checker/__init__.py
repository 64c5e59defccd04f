"""What was observed outside the app, and the pure functions that check it."""
