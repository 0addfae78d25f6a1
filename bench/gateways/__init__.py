"""Gateways side by side: the same load through each of them, to one simulated upstream.

    .venv/bin/python -m bench.gateways --help

A black box over HTTP: nothing of the program under test is imported here.
"""
