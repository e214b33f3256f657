"""What emlib costs: in time beside other libraries and beside the least that the arithmetic takes, and in memory.

Read in this order: `cases` (what is fitted), `measure` (how it is timed), `peers` (who else fits it), `floor`.
"""
