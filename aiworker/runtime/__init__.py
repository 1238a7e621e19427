"""Runs jobs: one job from envelope to receipt, the workers around it, and where their servers are."""
