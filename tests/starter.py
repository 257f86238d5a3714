"""Starting commands of the package without waiting for their imports.

A template, a process that has imported what the commands import, MXNet above all, and that has
computed nothing, forks for each command. It is like a real start, but for what Python and the
package read from the environment when they are imported.
"""

import array
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile

# What may differ from the template's environment: it is read where it is used.
READ_LATE = {"HOME", "MXNET_HOME", "GLUON_STYLE_MIRROR", "PYTEST_CURRENT_TEST"}


class Starter:
    """The template as its users see it; it ends with the `with` statement."""

    def __enter__(self):
        self.environ = {**os.environ, "PYTHONFAULTHANDLER": "1"}
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "socket")
        self.template = subprocess.Popen(
            [sys.executable, __file__, self.path],
            env=self.environ,
            stdin=subprocess.PIPE,  # at whose end it ends
            stdout=subprocess.PIPE,
        )
        assert self.template.stdout.readline() == b"ready\n"
        return self

    def __exit__(self, *_):
        self.template.communicate(timeout=60)
        self.folder.cleanup()

    def can_run(self, environ):
        """Whether a command in this environment needs no real start."""
        changed = self.environ.items() ^ {**environ, "PYTHONFAULTHANDLER": "1"}.items()
        return {name for name, _ in changed} <= READ_LATE

    def run(self, arguments, cwd, environ, timeout):
        """Run `python -m ...`: its exit status and what it has said, as bytes."""
        with contextlib.ExitStack() as stack:
            null = stack.enter_context(open(os.devnull, "rb"))
            out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(2))
            talk = stack.enter_context(socket.socket(socket.AF_UNIX))
            talk.connect(self.path)
            files = array.array("i", [each.fileno() for each in (null, out, err)])
            talk.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
            lines = stack.enter_context(talk.makefile("rw"))
            print(json.dumps([arguments, str(cwd), environ]), file=lines, flush=True)
            pid = int(lines.readline())
            try:
                ended, _, _ = select.select([talk], [], [], timeout)
            except BaseException:
                os.kill(pid, signal.SIGKILL)
                raise
            if not ended:
                os.kill(pid, signal.SIGABRT)  # it says where it hangs
            status = int(lines.readline())
            said = [os.pread(file.fileno(), 1 << 30, 0) for file in (out, err)]
            assert ended, said[1].decode(errors="replace")
            return (status, *said)


def import_all():
    """Import what the commands do, but for their own modules."""
    import importlib

    import gluon_style

    for name in gluon_style.__all__:
        getattr(gluon_style, name)
    for name in ("matplotlib.backends.backend_agg", "h5py", "requests", "pooch", "tqdm"):
        importlib.import_module(name)
    with contextlib.suppress(ImportError):
        import scipy.optimize  # noqa: F401
    from PIL import Image

    Image.init()


def serve(path):
    """Fork for each that asks; return what is asked, in the child."""
    children = {}  # pid -> the lines to whom asked for it
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([listener, 0], [], [], 0.01 if children else None)
            if 0 in ready:
                os._exit(0)
            if listener in ready:
                talk, _ = listener.accept()
                _, found, _, _ = talk.recvmsg(1, socket.CMSG_SPACE(3 * 4))
                files = array.array("i", found[0][2])
                lines = talk.makefile("rw")
                asked = json.loads(lines.readline())
                pid = os.fork()
                if not pid:
                    for number, file in enumerate(files):
                        os.dup2(file, number)
                for file in files:
                    os.close(file)
                if not pid:
                    return asked
                print(pid, file=lines, flush=True)
                children[pid] = lines
                talk.close()
            for pid in [*children]:
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    with children.pop(pid) as lines, contextlib.suppress(BrokenPipeError):
                        signalled = os.WIFSIGNALED(status)
                        code = -os.WTERMSIG(status) if signalled else os.WEXITSTATUS(status)
                        print(code, file=lines, flush=True)


if __name__ == "__main__":
    import_all()
    (module, *arguments), cwd, environ = serve(sys.argv[1])
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv[1:], sys.path[0] = arguments, cwd
    import runpy

    runpy.run_module(module, run_name="__main__", alter_sys=True)
