"""Exports: graph files, one's own or a partner's, and what is wrong with them.

`validating` does the work, `worker` does it for a stranger in a process of its own, `exchange` is what the two say.
"""
