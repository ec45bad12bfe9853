"""A dossier on its way: decisions of citizens and officers, work lists, the clock of its deadlines, statistics."""
