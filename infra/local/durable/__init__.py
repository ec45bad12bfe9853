"""Makes the embedded cloud keep its word across `kill -9`: every acknowledged change is journalled, then replayed.

ministack by itself saves its state at a clean stop only, keeps no stream records, and loses messages that arrive while
a consumer deletes others. Each module here wraps the few functions of one service through which all its changes go.
"""
