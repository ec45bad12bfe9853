"""How a portal is told: signed delivery of status messages, in order, tried again until they are taken."""
