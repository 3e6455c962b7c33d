"""Opens files for the server with one user's permissions. Run as a program; standard library only.

    python -I -S files_child.py UID GID GROUP,GROUP,...

Started as root, since the user may have no right to read this interpreter, it first drops to that user;
started by sudo without arguments it is that user already. Then it answers requests on its standard input, a
SOCK_SEQPACKET socket: a request is a path, an answer is a decimal errno, with the descriptor attached to 0.
It ends when the server closes the socket.
"""

import array
import errno
import os
import resource
import socket
import stat
import sys

#: Kinds of file systems whose files ask who is reading, not who has opened.
PSEUDO = frozenset(
    b"autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts efivarfs fusectl mqueue nsfs proc pstore"
    b" rpc_pipefs securityfs selinuxfs sysfs tracefs".split()
)

#: Never blocks on a FIFO or a terminal, never takes a terminal over.
FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

#: Bytes, as PATH_MAX without its NUL.
LONGEST_PATH = 4095


def pseudo_devices() -> frozenset[int]:
    """Device numbers of the mounted pseudo file systems (/proc, /sys, ...)."""
    devices = set()
    with open("/proc/self/mountinfo", "rb") as mounts:
        for mount in mounts:
            about, _, source = mount.partition(b" - ")
            if source.split(b" ", 1)[0] in PSEUDO:
                major, minor = about.split(b" ", 3)[2].split(b":")
                devices.add(os.makedev(int(major), int(minor)))
    return frozenset(devices)


def open_regular(path: bytes, refused: frozenset[int]) -> int:
    """A descriptor of that regular file, read only. Raises `OSError`, see `require_regular`."""
    descriptor = os.open(path, FLAGS)
    try:
        require_regular(descriptor, refused)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def require_regular(descriptor: int, refused: frozenset[int]) -> None:
    """Raises `OSError`: EISDIR for a directory, EINVAL for what else is no file on a real file system."""
    status = os.fstat(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EISDIR, "a directory")
    if not stat.S_ISREG(status.st_mode) or status.st_dev in refused:
        raise OSError(errno.EINVAL, "not a regular file")


def become(uid: int, gid: int, groups: list[int]) -> None:
    """Drop to that user for good. Raises `OSError`."""
    os.setgroups(groups)
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def limit() -> None:
    """No core, and no more processes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def serve(requests: socket.socket) -> None:
    """Answer until the other side closes."""
    refused = pseudo_devices()
    while path := requests.recv(LONGEST_PATH):
        try:
            descriptor = open_regular(path, refused)
        except OSError as error:
            requests.send(str(error.errno).encode())
        else:
            # Not socket.send_fds(): it imports a module, and this user may have no right to read that.
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))
            requests.sendmsg([b"0"], [rights])
            os.close(descriptor)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        become(int(sys.argv[1]), int(sys.argv[2]), [int(group) for group in sys.argv[3].split(",")])
    elif os.geteuid() == 0:
        sys.exit("not as root")
    limit()
    serve(socket.socket(fileno=0))
