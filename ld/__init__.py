"""thesis-ld: thesis records in, linked data out."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("thesis-ld")
except PackageNotFoundError:  # read from a checkout that is not installed
    __version__ = "0"
