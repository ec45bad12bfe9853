"""What follows from an audit line, and how portals are told of it."""
