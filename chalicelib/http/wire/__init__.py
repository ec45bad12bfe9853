"""What crosses the wire: strict, frozen pydantic models of requests and answers, and how requests are read."""
