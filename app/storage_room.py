"""Tell a full disk from other errors of the operating system. Imports neither the web nor the database."""

import errno
from typing import Final

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def lacks_room(error: BaseException) -> bool:
    """Tell whether a file could not be written for want of room: the disk, a quota, or the largest file allowed."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM
