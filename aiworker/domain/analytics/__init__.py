"""Placement figures: what may be told of them, and how the sentences around them are checked.

Figures that would tell of too few people are taken out before anybody is asked. A model writes placeholders, code
fills in the figures, so no figure in a summary is a model's.
"""
