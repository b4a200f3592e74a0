"""Where finished media is kept, behind one small contract.

In the order an object passes them:

- ``write_behind`` (edge): writes later, so that nobody waits; retries, counts.
- ``contract`` (pure): what an object store is, and what a key is.
- ``factory`` (edge): the store that a setting names.
- ``memory`` (pure): a bounded store in memory.
- ``filesystem`` (edge): a store in a folder.
"""
