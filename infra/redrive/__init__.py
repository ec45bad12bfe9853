"""`make redrive`: what failed for good is told apart by cause, previewed and done again, as often as needed."""
