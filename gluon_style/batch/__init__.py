"""Many pictures: planned, painted on this machine's cores or on a cluster's, shown on one page."""

PAINTER = f"{__name__}.painter"  # the module that a process of its own runs
