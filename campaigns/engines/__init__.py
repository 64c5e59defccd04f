"""The queue's own suite and the hard moments of its storage, camera and worker in other real engines."""
