"""What is set and published: the law's tables by date, provinces, days off, and each province's procedure.

Every other area of the rules may read these; these read the foundation alone.
"""
