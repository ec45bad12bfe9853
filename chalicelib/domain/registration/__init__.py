"""A registration as it is made and as it stands: the declaration, the dossier with its states, its slips.

With the time each step has, which a dossier keeps for itself.
"""
