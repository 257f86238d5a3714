"""Names of the files that a run leaves in its folder."""

RECORD = "run.json"
LOSSES, CURVES = "losses.csv", "losses.png"
# The last checkpoint and the one before it.
CHECKPOINTS = CHECKPOINT, EARLIER_CHECKPOINT = "checkpoint.npz", "checkpoint-previous.npz"
