"""What there is to pay and why: contributions by every method, interest, support, refunds, the account of a dossier.

Pure arithmetic over the rows of the law; nothing here knows a dossier or a voucher.
"""
