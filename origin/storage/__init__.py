"""Where finished media is kept, behind one small contract.

In the order an object passes them:

- ``write_behind`` (edge): writes later, so that nobody waits; retries, spills, counts.
- ``pending`` (pure): the ledger of what is not safe yet.
- ``spiller`` (edge): puts into files what the store does not have.
- ``spill`` (edge): the folder for what the store does not take.
- ``health`` (edge): whether the store takes what it is given.
- ``shared_reads`` (edge): reads for viewers, equal ones together.
- ``read_through`` (edge): keeps what was read for the next who ask.
- ``contract`` (pure): what an object store is, and what a key is.
- ``headers`` (pure): how an object is to be served, told from its key.
- ``factory`` (edge): the store and the spill folder that the settings name.
- ``location`` (pure): what the setting ``storage`` says.
- ``memory`` (edge): a bounded store in memory.
- ``filesystem`` (edge): a store in a folder.
- ``s3`` (edge): a store in a bucket.
- ``faults`` (pure): what a store's refusal means, and who must act.
- ``errors`` (pure): what can go wrong, and whose fault it is.
"""
