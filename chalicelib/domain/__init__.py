"""The rules of procedure 602e, pure: no AWS, no clock, no randomness, standard library only."""
