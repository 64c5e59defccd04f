"""The server as a state machine: model, API, database and store agree after every step."""
