"""What each process shows of itself: its release and its kind."""

from importlib.metadata import version

from shared.metrics import BUILD_INFO
from shared.tallied import BOARD, Board


def show_build(process: str, board: Board = BOARD) -> None:
    """Put the release and the kind of this process on its board."""
    board.put(BUILD_INFO, {(version("baton-routing"), process): 1})
