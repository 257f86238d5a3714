"""Files: written whole or not at all, checked, downloaded once."""

from .atomic import atomic_write, discard, write_table, write_text
from .downloads import (
    LARGEST,
    LONGEST,
    PIECE,
    STALL,
    RemoteFile,
    answer,
    cache_folder,
    download,
    fetch,
    has_no_locks,
    hashes,
    is_quiet,
    pieces,
    printable,
    problem_of,
    progress,
    receive,
    try_in_turn,
)
from .names import CHECKPOINT, CHECKPOINTS, CURVES, EARLIER_CHECKPOINT, LOSSES, RECORD
from .paths import GIVEN, Given, beside, expanded, open_file, read_text, short
