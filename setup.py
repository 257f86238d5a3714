import re
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).resolve().parent
version = re.search(r'__version__ = "(.+)"', (here / "gluon_style/machine/version.py").read_text())[
    1
]

# The last Dask for Python 3.8 is 2023.5. Bokeh draws its dashboard.
dask = ["dask>=2023.5", "distributed>=2023.5"]

setup(
    name="gluon-style",
    version=version,
    description="The style transfer chapter of Dive into Deep Learning, made to run (MXNet/Gluon)",
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.8",
    classifiers=[
        f"Programming Language :: Python :: {each}"
        for each in ("3", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
    ],
    packages=[*find_packages(include=["gluon_style", "gluon_style.*"]), "gluon_style.img"],
    # The pictures stand in img/ for readers, and inside the package once it is installed.
    package_dir={"gluon_style.img": "img"},
    package_data={
        "gluon_style.img": ["mountain.jpg", "autumn_tree.jpg", "example.jpg"],  # not README's
        "gluon_style.page": ["page.css", "page.js"],
        "gluon_style.pretrained": ["vgg19-small.params*"],
    },
    install_requires=[
        "numpy>=1.23",
        "pillow>=9.5",
        "matplotlib>=3.5",
        "tqdm>=4.60",
        "h5py>=3.7",
        "safetensors>=0.3",
        # Fetching weights and the book's pictures.
        "pooch>=1.7",
        "requests>=2.25",
        "filelock>=3.4",
        "psutil>=5.8",
        # MXNet imports distutils, which Python 3.12 has only through setuptools.
        "setuptools; python_version >= '3.12'",
    ],
    # MXNet asks pip for NumPy 1, which has no wheel for Python 3.13 and newer, and works with
    # NumPy 2: so README's commands install it after the package, with --no-deps. Below 3.13
    # `cpu` and `cu112` bring it too, and NumPy 1 with it.
    extras_require={
        "cpu": ["mxnet==1.9.1; python_version < '3.13'"],
        # All that mxnet-cu112 is linked with but the driver; gluon_style.machine.gpu loads it.
        "cu112": [
            "mxnet-cu112==1.9.1; python_version < '3.13'",
            "nvidia-cuda-runtime-cu11>=11.8,<12",
            "nvidia-cublas-cu11>=11.11,<12",
            "nvidia-cudnn-cu11>=8.9,<9",
            "nvidia-nccl-cu11>=2.16,<3",
            "nvidia-cufft-cu11>=10.9,<11",
            "nvidia-cusparse-cu11>=11.7.5,<12",
            "nvidia-cusolver-cu11>=11.4.1,<12",
            "nvidia-curand-cu11>=10.3,<11",
            "nvidia-cuda-nvrtc-cu11>=11.8,<12",
            "nvidia-nvtx-cu11>=11.8,<12",
        ],
        # Pictures of 16 bits.
        "photo": ["numpngw>=0.1.2", "tifffile>=2021.7"],
        "zoo": ["gluoncv>=0.10,<0.11"],
        "cluster": [*dask, "bokeh>=3.1"],
        "notebook": ["notebook>=6.5"],
        "page": ["nicegui>=2.24,<3"],
        "test": [
            *("pytest>=7", "pytest-xdist>=3.2", "pytest-timeout>=2.1"),
            *("hypothesis>=6", "nbclient>=0.7", "ipykernel>=6", "setuptools>=70.1"),
            # Independent readers and writers of pictures.
            *("tifffile>=2021.7", "pypng>=0.0.20", "pillow-heif>=0.10"),
            # What some options need.
            *("numpngw>=0.1.2", *dask),
            "scipy>=1.8",  # its L-BFGS-B is the referee
            # The page, and a browser's driver; tests that need Chromium are skipped without it.
            *("nicegui>=2.24,<3", "selenium>=4.10"),
            "axe-core-python>=0.1; python_version >= '3.10'",  # finds what is not accessible
        ],
    },
    entry_points={
        "console_scripts": [
            "gluon-style-train = gluon_style.train:main",
            "gluon-style-batch = gluon_style.batch.__main__:main",
            "gluon-style-compare = gluon_style.compare:main",
            "gluon-style-doctor = gluon_style.doctor.__main__:main",
            "gluon-style-page = gluon_style.page.__main__:main",
            "gluon-style-weights = gluon_style.weights:main",
        ]
    },
)
