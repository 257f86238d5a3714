"""Many runs, planned, run on this machine or on a cluster, shown side by side."""

PROCESS = f"{__name__}.process"  # the module that a process of its own runs


def __getattr__(name):
    # It imports MXNet, which the commands and a cluster's workers do without.
    if name == "compare":
        from .comparison import compare

        return compare
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
