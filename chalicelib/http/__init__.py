"""The HTTP door: thin blueprints per audience, wire models, and one table from exceptions to problems."""
