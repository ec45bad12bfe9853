"""A person and what is known of them: identity, names, evidence of others, what is on record, who may still join.

And their rights: requests about their own data, and the log of everybody who looked.
"""
