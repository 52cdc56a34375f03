"""Which code decided: kept with every decision."""

from importlib.metadata import PackageNotFoundError, version

try:
    CODE_VERSION = version("pledge-promise")
except PackageNotFoundError:  # run from a checkout that was never installed
    CODE_VERSION = "0+unknown"
