"""What becomes of a dossier on its way: intake, turns, time running out, payments, its end and its place in statistics.

The one area of the rules that knows declaration, money and covers together.
"""
