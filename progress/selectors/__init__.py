"""Reads of what a person did.

The access check is the fetch: other people's rows and unreadable courses do not exist.
"""
