"""For publishers: the law's tables and the procedures of provinces."""
