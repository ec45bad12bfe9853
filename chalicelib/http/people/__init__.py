"""Personal data: the view log, what is held about a person, the register of requests."""
