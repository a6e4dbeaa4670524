"""nonlin beside others: the same computation, the same arrays, in turns.

Each case (:mod:`.cases`) is done by nonlin and by every peer (:mod:`.peers`) that is installed and gives
the same values. Times are medians with the middle half; they are per element, and stand beside what
copying the input and nonlin's ReLU take in the same turns.
"""

from .cases import FUNCTIONS, ROWS, WHATS, Case
from .peers import PEERS, Peer, installed
from .session import BenchError, Row, measure

__all__ = [
    "FUNCTIONS",
    "PEERS",
    "ROWS",
    "WHATS",
    "BenchError",
    "Case",
    "Peer",
    "Row",
    "installed",
    "measure",
]
