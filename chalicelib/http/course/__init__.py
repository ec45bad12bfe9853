"""A dossier on its way: what citizens and officers may decide, the officers' desk and work lists."""
