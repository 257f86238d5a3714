"""Many pictures: planned, painted on this machine's cores or on a cluster's, shown on one page."""
