"""Everything that knows BullMQ and Redis; nothing above this room does.

BullMQ's Python package looks finished and is not: each remedy here stands against a fault that was measured.
"""
