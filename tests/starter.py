"""Starting commands of the package without waiting for their imports.

A template, a process that has imported what the commands import, MXNet above all, and that has
computed nothing, forks for each command. A stand-in for Python asks it to: a process that passes
on its arguments, folder, environment, files and signals, and that ends as the command ends. So a
command is like a real start, but for what Python, glibc and the package read from the environment
when they begin; where that differs, and for everything that is no command of the package, the
stand-in becomes the real Python.
"""

import array
import json
import os
import select
import signal
import socket
import sys

# What may differ from the template's environment: it is read where it is used, by oneDNN when it
# computes first, or by glibc alone.
READ_LATE = {
    *("HOME", "MXNET_HOME", "GLUON_STYLE_MIRROR", "PYTEST_CURRENT_TEST", "CURVES"),
    *("MALLOC_ARENA_MAX", "GLIBC_TUNABLES", "DNNL_MAX_CPU_ISA"),
    *("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"),
    *("DASK_DISTRIBUTED__WORKER__PRELOAD", "DASK_INTERNAL_INHERIT_CONFIG"),
}
MAY_BE_IGNORED = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
PASSED_ON = (*MAY_BE_IGNORED, signal.SIGABRT)


class Starter:
    """The template as its users see it; it ends with the `with` statement.

    Attributes
    ----------
    python : str
        The path of the stand-in, a program that is called as Python is.
    """

    def __enter__(self):
        import subprocess
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.python = os.path.join(self.folder.name, "python")
        self.environ = {**os.environ, "PYTHONFAULTHANDLER": "1"}
        with open(os.path.join(self.folder.name, "environ.json"), "w") as file:
            json.dump(self.environ, file)
        with open(self.python, "w") as file:
            file.write(
                f"#!{sys.executable} -SE\nimport sys\n"
                f"sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})\n"
                f"import starter\nstarter.stand_in({self.folder.name!r}, {sys.executable!r})\n"
            )
        os.chmod(self.python, 0o700)
        self.template = subprocess.Popen(
            [sys.executable, __file__, self.folder.name],
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
        """True if a command in this environment needs no real start."""
        return same_start(self.environ, environ)

    def behind(self, process):
        """The number of the process that a stand-in stands for."""
        while True:
            try:
                with open(os.path.join(self.folder.name, str(process.pid))) as file:
                    return int(file.read())
            except (OSError, ValueError):  # it has hardly begun
                assert process.poll() is None


def same_start(*environs):
    """True if Python, glibc and the package begin alike in these environments."""
    read = []
    for environ in environs:
        found = {name: value for name, value in environ.items() if name not in READ_LATE}
        paths = found.get("PYTHONPATH", "").split(os.pathsep)
        found["PYTHONPATH"] = [*dict.fromkeys(filter(None, paths))]
        found["PYTHONFAULTHANDLER"] = "1"
        read.append(found)
    return all(each == read[0] for each in read)


def stand_in(folder, python):
    """Stand for a Python that runs a command of the package, or become it."""
    words = sys.argv[1:]
    with open(os.path.join(folder, "environ.json")) as file:
        known = json.load(file)
    own = words[:1] in (["-m"], ["-c"]) and "gluon_style" in words[1]
    if not (own and same_start(known, os.environ)):
        os.execv(python, [python, *words])
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    import resource

    how = {
        "words": words,
        "cwd": os.getcwd(),
        "environ": dict(os.environ),
        "ignored": [n for n in MAY_BE_IGNORED if signal.getsignal(n) == signal.SIG_IGN],
        "file_size": resource.getrlimit(resource.RLIMIT_FSIZE),
    }
    with socket.socket(socket.AF_UNIX) as talk:
        talk.connect(os.path.join(folder, "socket"))
        files = array.array("i", [0, 1, 2])
        talk.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
        lines = talk.makefile("rw")
        print(json.dumps(how), file=lines, flush=True)
        pid = int(lines.readline())
        for number in PASSED_ON:
            signal.signal(number, lambda number, _: os.kill(pid, number))
        own = os.path.join(folder, str(os.getpid()))
        with open(own, "w") as file:
            file.write(str(pid))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        status = int(lines.readline())
        os.unlink(own)
    if status < 0:
        if -status in PASSED_ON:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def import_all():
    """Import what the commands do, but for their own modules, and have fonts found."""
    import contextlib
    import gc
    import importlib
    import io

    import gluon_style

    for name in gluon_style.__all__:
        getattr(gluon_style, name)
    for name in ("h5py", "requests", "pooch", "tqdm", "matplotlib.backends.backend_agg"):
        importlib.import_module(name)
    with contextlib.suppress(ImportError):
        import scipy.optimize  # noqa: F401
    from matplotlib.figure import Figure
    from PIL import Image

    Image.init()
    figure = Figure()
    figure.subplots().set_title("1")
    figure.savefig(io.BytesIO(), format="png")
    gc.collect()
    gc.freeze()  # pages that no child has to copy


def serve(folder):
    """Fork for each that asks; return what is asked, in the child."""
    children = {}  # pid -> the socket to the stand-in, and its lines
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.join(folder, "socket"))
        listener.listen(50)
        print("ready", flush=True)
        while True:
            talks = {talk: pid for pid, (talk, _) in children.items()}
            ready, _, _ = select.select([listener, 0, *talks], [], [], 0.01 if children else None)
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
                    for other, _ in children.values():
                        other.close()
                    talk.close()
                    return asked
                print(pid, file=lines, flush=True)
                children[pid] = talk, lines
            for talk in talks.keys() & {*ready}:
                os.kill(talks[talk], signal.SIGKILL)  # its stand-in has been killed
            for pid in [*children]:
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    talk, lines = children.pop(pid)
                    signalled = os.WIFSIGNALED(status)
                    code = -os.WTERMSIG(status) if signalled else os.WEXITSTATUS(status)
                    try:
                        print(code, file=lines, flush=True)
                    except OSError:  # nobody is left who waits
                        pass
                    talk.close()


def run(words, cwd, environ, ignored, file_size):
    """Be the command, and end without tidying up all that has been imported."""
    import atexit
    import resource
    import runpy
    import threading

    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    for number in MAY_BE_IGNORED:
        usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, signal.SIG_IGN if number in ignored else usual)
    resource.setrlimit(resource.RLIMIT_FSIZE, tuple(file_size))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old, mode = getattr(sys, name), "w" if number else "r"
        as_lines = 1 if number == 2 or os.isatty(number) else -1
        as_before = {"encoding": old.encoding, "errors": old.errors, "closefd": False}
        setattr(sys, name, open(number, mode, as_lines, **as_before))
    how, what, *sys.argv[1:] = words
    if "CURVES" not in environ:
        from curves import NoCurves

        from gluon_style.run import results

        results.plot_losses = NoCurves
    sys.path[0] = cwd
    status = 0
    try:
        if how == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            sys.argv[0] = how
            exec(what, {"__name__": "__main__"})
    except SystemExit as ended:
        status = ended.code or 0
        if not isinstance(status, int):
            print(status, file=sys.stderr)
            status = 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


if __name__ == "__main__":
    import_all()
    sys.executable = os.path.join(sys.argv[1], "python")
    run(**serve(sys.argv[1]))
