"""The HTTP door: thin blueprints by area, wire models, and one table from exceptions to problems."""
