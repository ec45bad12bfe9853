"""From a declaration to a dossier, and everything about one dossier as its citizen sees it, slips included."""
