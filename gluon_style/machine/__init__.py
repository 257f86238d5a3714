"""The machine: what MXNet needs around its import, devices, processor, memory, other processes.

Nothing here imports MXNet before it is used, but `bfloat16`, which is imported by itself.
"""

from . import interrupts  # the first: the others take most of a second
from .amounts import format_bytes, format_duration, format_size
from .companion import Companion, CompanionDied, serve
from .devices import check_ctx, get_cpu, get_ctx, gpu_of, has_gpu_code, try_gpu
from .installation import install_extra, source
from .interrupts import is_command, raise_swallowed
from .malloc import KEPT_SLACK, keep_freed, restart_with_huge_pages
from .memory import available, out_of_memory, peak, resident, total
from .preparation import check_packages, installed_wheels, prepare, prepare_numpy, prepare_process
from .process import child_environment, run_python
from .processor import (
    PRECISIONS,
    allowed_cores,
    amx_granted,
    cpu_flags,
    get_precision,
    usable_cores,
    uses_amx,
    why_not_bfloat16,
)
