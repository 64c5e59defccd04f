"""What a loss of power can leave: a recorded day, and the states of the disk that its fsyncs allow."""
