"""Faults of the machine: errors that no change of this program could prevent, each with what the user can change."""

from __future__ import annotations

import errno
import os

_MEMORY = (
    "can't allocate memory",  # torch, on a CPU
    "not enough memory",
    "cannot allocate memory",
    "unable to allocate",
    "out of memory",
    "could not create a primitive",  # oneDNN
    "could not create a memory",
    "bad_alloc",
)
"""Words of libraries whose allocation failed; on a CPU torch raises a plain RuntimeError."""

_OVERFLOWS = (
    "without overflow",
    "multiplication overflow",
    "calculation overflow",
    "too big to convert",
    "too large to convert",
    "exceeds ssize_t",
    "array is too big",
    "maximum allowed dimension",
    "maximum supported dimension",
)
"""Words of Python, numpy and torch for a number that does not fit into theirs."""

_GONE = "Put it back if it was moved or deleted while the command ran (if it was not, please report this)"

_FIXES = {
    errno.ENOSPC: "Free disk space",
    errno.EDQUOT: "Free disk space, or ask for a larger quota",
    errno.EFBIG: "Raise the limit on the size of files (ulimit -f)",
    errno.EROFS: "Use a folder that can be written to",
    errno.EACCES: "Change its permissions, or use another folder",
    errno.EPERM: "Change its permissions, or use another folder",
    errno.EMFILE: "Raise the limit on open files (ulimit -n)",
    errno.ENFILE: "Close other programs, since the machine has too many open files",
    errno.EAGAIN: "Raise the limit on processes (ulimit -u), or ask for fewer --workers and --threads",
    errno.EIO: "Check the disk or the network drive; its files may be intact",
    errno.ESTALE: "Mount the network drive again; its files may be intact",
    errno.ETIMEDOUT: "Check the network drive; its files may be intact",
    errno.ENOTCONN: "Mount the network drive again; its files may be intact",
    errno.ENXIO: "Check the disk or the network drive; its files may be intact",
    errno.ENOLCK: "Use a folder on a file system that has locks (--runs for runs, XDG_CACHE_HOME for the cache)",
    errno.ENOSYS: "Use a folder on another file system (--runs for runs, XDG_CACHE_HOME for the cache)",
    errno.ENAMETOOLONG: "Use shorter names",
    errno.ELOOP: "Replace the link by what it should point to",
    errno.EPIPE: "Look above for the message of a process that ended early",
    errno.ENOENT: _GONE,
    errno.ENOTDIR: _GONE,
    errno.EISDIR: _GONE,
}
"""What to do about an error number."""

_TEMPORARY = "No usable temporary directory"


def fix_of_writing(error: OSError) -> str:
    """Return what to do about a file that could not be written, without a full stop."""
    fix = _FIXES.get(error.errno or 0, _GONE)
    return "Free disk space or make it writable" if fix == _GONE else fix


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an allocation failed, on a GPU or not; torch is not imported for that."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _MEMORY)


def machine_fault(error: BaseException) -> str | None:
    """Return the message for a fault of the machine or of a number that is too large for it; None for any other error."""
    text = " ".join(str(error).split())[:160]
    if is_out_of_memory(error):
        return f"Out of memory ({type(error).__name__}: {text}). Use fewer clips, a smaller batch or model, or another --device."
    if isinstance(error, OSError):
        return _os_fault(error, text)
    if isinstance(error, NotImplementedError) and "flock" in text:
        return f"A folder cannot be locked ({text}). {_FIXES[errno.ENOLCK]}."
    if isinstance(error, OverflowError | ValueError | RuntimeError) and any(w in text.lower() for w in _OVERFLOWS):
        return (
            f"A number is too large ({type(error).__name__}: {text}). Lower the values of --set, --budget or the track."
        )
    if isinstance(error, RuntimeError) and "start new thread" in text:
        return f"A thread could not be started ({text}): too little memory, or too many processes. {_FIXES[errno.EAGAIN]}, then run again."
    if isinstance(error, RuntimeError) and ("/gloo/" in text or "NCCL" in text):
        return f"The connection between the processes failed ({text}). One may have ended; its message is above. Run again to resume."
    return None


def _os_fault(error: OSError, text: str) -> str | None:
    if _TEMPORARY in text:
        return "No folder for temporary files can be written to. Set TMPDIR to one that can."
    fix = _FIXES.get(error.errno or 0)
    if fix is None:
        return None
    names = [os.fsdecode(name) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
    where = f"{' -> '.join(names)}: " if names else ""
    return f"{where}{error.strerror or text}. {fix}, then run again; finished work is kept."
