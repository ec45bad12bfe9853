"""Personal data: who looked at what, what is held about a person, their requests, and how numbers are sealed."""
