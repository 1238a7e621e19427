"""Measures aiworker against its targets: `python -m bench`, or `make bench`, on a machine that does nothing else.

Trust the ratios of one run: absolute figures swing by half from run to run.
"""
